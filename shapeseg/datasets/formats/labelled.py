"""An image with its labels, whatever format it came from: what converters hand to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import InputError
from shapeseg.incoming import MAX_TEXT, read_file

UNNAMED = "target"
_NAMED = 3  # names of classes that are put together to one
_SHOWN = 12


class LabelledImage(NamedTuple):
    """One image and its labels.

    Attributes:
        name: Without folder and suffix; no two images of a source share it.
        split: Name of the split it belongs to.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        targets: any integers (H, W); 0 is background, every other number a target. Pixels of one instance share a number;
            sources that know no instances have the number 1 alone.
        void: bool (H, W), pixels that neither training nor scores should count.
    """

    name: str
    split: str
    image: NDArray[np.uint8]
    targets: NDArray[np.integer]
    void: NDArray[np.bool_]


class LabelledFolder(NamedTuple):
    """A folder of labelled images, in one of the formats that can be read.

    Attributes:
        kind: What the folder was seen to be, in words.
        total: How many images it holds.
        class_name: Name of the targets; "target" where it is not stated.
        images: The images, each read when its turn comes.
        notes: What its reader should know, each a clause.
        keeps_labels: Whether void pixels have labels of their own, as of scenes, whose truth is known.
    """

    kind: str
    total: int
    class_name: str
    images: Iterator[LabelledImage]
    notes: Sequence[str] = ()
    keeps_labels: bool = False


def chosen_classes(categories: Sequence[str], names: Mapping[int, str], where: Path) -> tuple[set[int], str]:
    """Returns the numbers of the classes that are the target, and what to call them.

    Args:
        categories: Names or numbers; none takes all.
        names: Names of the classes that there are, by number.
        where: What says so, for errors.

    Raises:
        InputError: If there is no such class.
    """
    if not categories:
        return set(names), " or ".join(dict.fromkeys(names.values())) if 0 < len(names) <= _NAMED else UNNAMED
    chosen: dict[int, str] = {}
    for word in categories:
        found = {number: name for number, name in names.items() if word in (name, str(number))}
        if not found:
            known = ", ".join(f"{number} {name}" for number, name in sorted(names.items())[:_SHOWN]) or "none"
            raise InputError("there is no such category", received=f"{word}, of {where}", fix=f"Use some of: {known}")
        chosen |= found
    return set(chosen), " or ".join(dict.fromkeys(chosen.values()))


def names_in_splits(names: Sequence[str], splits: Sequence[str]) -> list[str]:
    """Returns names of which no two are alike: where two images share one, every name begins with its split.

    Raises:
        InputError: If two images of one split share a name.
    """
    if len(set(names)) == len(names):
        return list(names)
    together = [f"{split}-{name}" for name, split in zip(names, splits, strict=True)]
    if twice := next((name for name, count in Counter(together).items() if count > 1), None):
        raise InputError("two images of one split share a name", received=twice, fix="Rename one")
    return together


def labelled(
    name: str, split: str, image: NDArray[np.uint8], targets: NDArray[np.integer], void: NDArray[np.bool_] | None, path: Path
) -> LabelledImage:
    """Puts the parts together; without ``void`` every pixel counts.

    Raises:
        InputError: If the labels, read from ``path``, have another size than the image.
    """
    if targets.shape != image.shape[:2]:
        (height, width), (h, w) = image.shape[:2], targets.shape
        raise InputError(
            f"labels must have their image's size, {width} x {height}",
            received=f"{path}, {w} x {h}",
            fix="Resize or replace them",
        )
    return LabelledImage(name, split, image, targets, np.zeros(targets.shape, bool) if void is None else void)


def read_text(path: Path) -> str | None:
    """Reads a small text file of a folder; None where there is none. Bytes that are not UTF-8 become what names have for them.

    Raises:
        InputError: If it is not a regular file, a link or too large.
    """
    try:
        return read_file(path, most=MAX_TEXT).decode("utf-8-sig", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
