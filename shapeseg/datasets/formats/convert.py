"""Conversion between shapeseg's datasets, plain folders, YOLO polygons and palette masks: any of them in, another out.

COCO's annotations are read, too.

A format has a file of its own, which reads and writes it. There is no format to write shapeseg's own datasets: they need the
recipe of every image. What others drew becomes a plain folder, which everything but questions about recipes works on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from shapeseg.datasets.formats.coco_reader import coco_files, read_coco
from shapeseg.datasets.formats.folder import read_dataset, write_folder
from shapeseg.datasets.formats.labelled import LabelledFolder, LabelledImage
from shapeseg.datasets.formats.palette import MASKS, read_palette, write_palette
from shapeseg.datasets.formats.yolo import LABELS, read_yolo, write_yolo
from shapeseg.datasets.manifest import MANIFEST
from shapeseg.datasets.own_splits import ALIASES
from shapeseg.description import Description
from shapeseg.errors import InputError, UsageError
from shapeseg.folders import staged_folder
from shapeseg.terminal import Progress, no_progress

Format = Literal["folder", "yolo", "palette"]

_NOTHING_SAID = Description()


class Converted(NamedTuple):
    """What was converted.

    Attributes:
        images: How many.
        void: How many pixels the source marks as not to be counted.
    """

    images: int
    void: int


def open_source(path: Path, categories: Sequence[str] = (), own: Description = _NOTHING_SAID) -> LabelledFolder:
    """Recognises a folder by what it holds, or a file as of COCO, and lists its images.

    Args:
        path: The folder, or a COCO annotations file.
        categories: Classes that are the target, by name or number; none takes all.
        own: What is said of a plain folder.

    Raises:
        InputError: If it is missing, is in none of the formats or could be in several, or its files do not fit together.
    """
    if path.is_file():
        return read_coco([path], categories)
    if not path.is_dir():
        raise InputError("there is no such folder", received=path, fix="Name a dataset or a folder of images")
    if (path / MANIFEST).exists():
        return _without_classes(categories, read_dataset(path, own))
    seen = [name for name in ("masks", LABELS, MASKS) if any((path / place / name).is_dir() for place in ("", *ALIASES))]
    annotations = coco_files(path)
    if len(seen) + bool(annotations) != 1:
        found = [*seen, *(each.name for each in annotations[:1])]
        raise InputError(
            "the format of the folder cannot be recognised",
            received=f"{path} with {' and '.join(found) or 'none of its folders'}",
            fix=f"Put one of masks, {LABELS}, {MASKS} next to images, or name a COCO annotations file",
        )
    if annotations:
        return read_coco(annotations, categories)
    places = [place / name for place in (path, *(path / split for split in ALIASES)) for name in ("images", "JPEGImages")]
    if not any(place.is_dir() for place in places):
        raise InputError("there are no images here", received=path, fix="Put them into a folder named images")
    if seen == ["masks"]:
        return _without_classes(categories, read_dataset(path, own))
    return (read_yolo if seen == [LABELS] else read_palette)(path, categories)


def _without_classes(categories: Sequence[str], source: LabelledFolder) -> LabelledFolder:
    if categories:
        raise UsageError("it has no classes to choose from", received=f"--categories {categories[0]}", fix="Leave it out")
    return source


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
            write_folder(staging, source, counted())
        elif to == "yolo":
            write_yolo(staging, counted(), source.class_name)
        else:
            write_palette(staging, counted())
    return Converted(count, void)
