"""An image with its labels, whatever format it came from: what converters hand to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import InputError
from shapeseg.incoming import MAX_TEXT, read_file


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
        class_name: Of what the targets are.
        images: The images, each read when its turn comes.
        notes: What its reader should be told, each a clause.
    """

    kind: str
    total: int
    class_name: str
    images: Iterator[LabelledImage]
    notes: Sequence[str] = ()


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
    """Reads a small text file of a folder; None where there is none. Bytes that are no UTF-8 become what names have for them.

    Raises:
        InputError: If it is no regular file, a link or too large.
    """
    try:
        return read_file(path, most=MAX_TEXT).decode("utf-8-sig", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
