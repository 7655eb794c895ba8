"""Conversion between shapeseg's datasets, plain folders, YOLO polygons and palette masks: any of them in, another out.

A format has a file of its own, which reads and writes it. There is no format to write shapeseg's own datasets: they need the
recipe of every image. What others drew becomes a plain folder, which everything but questions about recipes works on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from shapeseg.datasets.formats.folder import read_dataset, write_folder
from shapeseg.datasets.formats.labelled import LabelledFolder, LabelledImage
from shapeseg.datasets.formats.palette import MASKS, read_palette, write_palette
from shapeseg.datasets.formats.yolo import LABELS, read_yolo, write_yolo
from shapeseg.datasets.manifest import MANIFEST
from shapeseg.errors import InputError
from shapeseg.folders import staged_folder
from shapeseg.terminal import Progress, no_progress

Format = Literal["folder", "yolo", "palette"]

_READERS = {"masks": read_dataset, LABELS: read_yolo, MASKS: read_palette}


class Converted(NamedTuple):
    """What was converted.

    Attributes:
        images: How many.
        void: How many pixels the source marks as not to be counted.
    """

    images: int
    void: int


def open_source(folder: Path) -> LabelledFolder:
    """Recognises a folder by what it holds, and lists its images.

    Raises:
        InputError: If it is missing, is none of the formats or could be several, or its files do not fit together.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", received=folder, fix="Name a dataset or a folder of images")
    if (folder / MANIFEST).exists():
        return read_dataset(folder)
    seen = [name for name in _READERS if (folder / name).is_dir()]
    if len(seen) != 1:
        raise InputError(
            "the folder is no format that can be told",
            received=f"{folder} with {' and '.join(seen) or 'none of its folders'}",
            fix=f"Put one of {', '.join(_READERS)} beside images",
        )
    if not any((folder / name).is_dir() for name in ("images", "JPEGImages")):
        raise InputError("there are no images here", received=folder, fix="Put them into a folder named images")
    return _READERS[seen[0]](folder)


def convert(source: LabelledFolder, to: Format, out: Path, progress: Progress = no_progress) -> Converted:
    """Writes a source's images in another format; ``out`` is there whole or not at all.

    Args:
        source: From :func:`open_source`; its images can be read once.
        to: The format to write.
        out: The new folder; it must not exist, or be empty.
        progress: Called with the number of images done since the last call.

    Raises:
        UsageError: If ``out`` exists.
        InputError: If a file of the source cannot be read.
        StorageError: If the folder cannot be made.
    """
    count = void = 0

    def counted() -> Iterator[LabelledImage]:
        nonlocal count, void
        for image in source.images:
            yield image
            count, void = count + 1, void + int(image.void.sum())
            progress(1)

    with staged_folder(out) as staging:
        if to == "folder":
            write_folder(staging, counted())
        elif to == "yolo":
            write_yolo(staging, counted(), source.class_name)
        else:
            write_palette(staging, counted())
    return Converted(count, void)
