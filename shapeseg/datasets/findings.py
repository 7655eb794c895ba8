"""What is found of a dataset that is verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from shapeseg.datasets.samples import Row


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes:
        where: File, or line of the metadata, relative to the dataset.
        what: What is wrong there.
        severity: ``"error"``, ``"warning"`` for what may be meant so, or ``"note"`` for what is only said.
    """

    where: str
    what: str
    severity: Literal["error", "warning", "note"] = "error"


def found_twice(images: Iterable[tuple[Row, bytes]]) -> Iterator[Finding]:
    """Finds images that are there twice, among rows with the digests of their images."""
    first: dict[bytes, Row] = {}
    for row, digest in images:
        if (other := first.setdefault(digest, row)) is not row:
            yield twice(other, row)


def twice(first: Row, second: Row) -> Finding:
    """Returns what is told of two rows of one image: in unlike splits that is an error."""
    if first["split"] == second["split"]:
        return Finding(second["image"], f"the same image as {first['image']}, in one split", "warning")
    what = f"the same image as {first['image']}: it is in {first['split']} and in {second['split']}"
    return Finding(second["image"], what)
