"""A look at every pair of the user's own data, each file read once: what training, ``verify`` and ``stats`` need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shapeseg.datasets.foreign_images import read_foreign
from shapeseg.datasets.image_digest import image_digest
from shapeseg.datasets.masks import mask_of, shown
from shapeseg.datasets.samples import Row
from shapeseg.description import Description
from shapeseg.errors import InputError
from shapeseg.labels import is_ignored, is_target
from shapeseg.terminal import Progress, no_progress

FEW, MANY = 1e-4, 0.95
"""Shares of target pixels below and above which a set of masks is reported as unusual."""


class Seen(NamedTuple):
    """What was seen of one pair.

    Attributes:
        row: Its row.
        digest: SHA-256 of size and pixels of the image.
        target: Target pixels.
        counted: Pixels that are not void.
        values: That the mask holds.
        notes: Notes about either file, each a clause.
    """

    row: Row
    digest: bytes
    target: int
    counted: int
    values: list[int]
    notes: list[str]

    @property
    def share(self) -> float | None:
        """Target pixels over all that count; None where none does."""
        return self.target / self.counted if self.counted else None


def survey(folder: Path, rows: Sequence[Row], description: Description, progress: Progress = no_progress) -> list[Seen]:
    """Reads the user's own images and masks in full.

    Raises:
        InputError: If one cannot be read, or is of another size than its header says.
    """
    found = []
    for row in rows:
        found.append(look(folder, row, description))
        progress(1)
    return found


def look(folder: Path, row: Row, description: Description) -> Seen:
    """Reads one pair whole.

    Raises:
        InputError: If a file cannot be read, or is of another size than its header says.
    """
    image, notes = read_foreign(folder / row["image"], bits=description.image_bits or 16)
    mask = mask_of(folder, row)
    for role, pixels in (("image", image), ("mask", mask.values)):
        height, width = pixels.shape[:2]
        if (width, height) != (row["width"], row["height"]):
            raise InputError(
                "an image has another size than its header says",
                received=f"{folder / row[role]}, {width} x {height}",
                fix="Save it again, turned upright",
            )
    labels = mask.labels(description)
    return Seen(
        row=row,
        digest=image_digest(image),
        target=int(np.count_nonzero(is_target(labels))),
        counted=labels.size - int(np.count_nonzero(is_ignored(labels))),
        values=mask.distinct(),
        notes=[*notes, *(["its mask is a JPEG, which blurs edges, so it is thresholded at 128"] if mask.was_jpeg else [])],
    )


def target_share(seen: Iterable[Seen]) -> float | None:
    """Returns the target pixels of a set over all that count; None where none does."""
    listed = list(seen)
    counted = sum(each.counted for each in listed)
    return sum(each.target for each in listed) / counted if counted else None


def values_of(seen: Iterable[Seen]) -> str:
    """Returns the values that some masks hold, in words."""
    return shown(sorted({value for each in seen for value in each.values}))


def refuse_one_class(folder: Path, target_name: str, seen: Sequence[Seen]) -> None:
    """Raises an InputError when no pixel of a set is target, or every one is: nothing can be learned from it."""
    share = target_share(seen)
    if share is None or share in (0, 1):
        what = "no pixel counts: all are void" if share is None else f"{'every' if share else 'no'} pixel is {target_name}"
        raise InputError(
            f"{what} in {len(seen)} masks, so there is nothing to learn",
            received=f"{folder / Path(seen[0].row['mask']).parent} with the values {values_of(seen)}",
            fix="Say which values are the target: --target-values 1; and which do not count: --void-value 255",
        )


def remarks(seen: Sequence[Seen], description: Description) -> Iterator[str]:
    """Yields notes about a set as a whole, each a clause."""
    share = target_share(seen)
    targets = {value for each in seen for value in each.values} - {0}
    if not description.target_values and len(targets) > 1 + (description.void_value is not None):
        yield f"the masks hold the values {values_of(seen)}, and all but 0 are the target; --target-values says which are"
    if share is not None and 0 < share < FEW:
        yield f"only {share:.4%} of the pixels are target; the masks hold the values {values_of(seen)}"
    if share is not None and MANY < share < 1:
        yield f"{share:.1%} of the pixels are target; the masks hold the values {values_of(seen)}: is it the other way round?"
    for note, count in Counter(note for each in seen for note in each.notes).most_common():
        hint = "; --image-bits says how many they use" if "16-bit" in note else ""
        yield f"of {count} of {len(seen)} images: {note}{hint}"
