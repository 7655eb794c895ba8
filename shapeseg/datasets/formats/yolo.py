"""YOLO segmentation: a text file of polygons beside each image.

    images/SPLIT/NAME.png      RGB
    labels/SPLIT/NAME.txt      ``class x1 y1 x2 y2 ...`` a line, 0 to 1 of width and height
    data.yaml                  where the splits are, and the name of each class

A corner is a pixel, and pixel x of W is written as ``(x + 1/4) / W``: readers that scale up, cut off the fraction (as
Ultralytics does) or round it, and fill with OpenCV, get every pixel back. To readers that take corners as points of a plane a
shape is a pixel narrower and lower. A hole is reached by a cut, see :mod:`shapeseg.datasets.formats.polygons`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.datasets.foreign_images import images_by_stem, png_bytes, read_rgb
from shapeseg.datasets.formats.labelled import LabelledFolder, LabelledImage, labelled, read_text
from shapeseg.datasets.formats.polygons import Points, fill, filling_work, outlines
from shapeseg.datasets.own_splits import splits_by_hash
from shapeseg.datasets.splits import SPLITS
from shapeseg.errors import InputError
from shapeseg.folders import make_folder

LABELS = "labels"

_INSIDE = 0.25  # where in its pixel a corner is written: far from where cutting off or rounding would find another
_SLACK = 0.01  # how far outside the image a corner may lie; it is moved to the edge
_MOST_WORK = 2 * 10**9  # nanoseconds for the polygons of one image: far from what people label


class _Entry(NamedTuple):
    name: str
    split: str
    image: Path
    labels: Path


def read_yolo(folder: Path) -> LabelledFolder:
    """Lists the images of every split; each line is an instance, and every class is a target.

    An image without a label file holds no target, as for Ultralytics; how many there are is told. Without folders for the
    splits they are dealt out as for a plain folder.

    Raises:
        InputError: If there are no images, no image has a polygon, labels have no image, or two images share a name.
    """
    entries = list(_entries(folder))
    if not entries:
        raise InputError("there are no images here", received=folder / "images", fix="Put them into images/SPLIT")
    names: dict[str, Path] = {}
    for entry in entries:
        if entry.name in names:
            raise InputError("two images have one name", received=f"{names[entry.name]} and {entry.image}", fix="Rename one")
        names[entry.name] = entry.image
    listed = {entry.labels for entry in entries}
    if lost := sorted(path for path in (folder / LABELS).rglob("*.txt") if path not in listed):
        raise InputError(f"{len(lost)} label files have no image", received=lost[0], fix="Give each its image, or remove it")
    notes = _without_polygons(folder, entries)
    return LabelledFolder("a YOLO folder", len(entries), "target", (_read(entry) for entry in entries), notes)


def write_yolo(folder: Path, images: Iterable[LabelledImage], class_name: str) -> None:
    """Writes a YOLO folder, one line for each connected piece of an instance.

    Lost are void pixels (they keep the label that they have) and which pieces belong to one instance.
    """
    written: defaultdict[str, int] = defaultdict(int)
    for each in images:
        places = [folder / place / each.split for place in ("images", LABELS)]
        if not written[each.split]:
            for place in places:
                make_folder(place)
        written[each.split] += 1
        files.write_new_bytes(places[0] / f"{each.name}.png", png_bytes(each.image))
        files.write_new_bytes(places[1] / f"{each.name}.txt", "".join(_lines(each.targets)).encode())
    splits = {split: f"images/{split}" for split in sorted(written, key=[*SPLITS, *written].index)}
    description = yaml.safe_dump({**splits, "names": {0: class_name}}, sort_keys=False, allow_unicode=True)
    files.write_new_bytes(folder / "data.yaml", description.encode())


def _entries(folder: Path) -> Iterator[_Entry]:
    images = folder / "images"
    flat = images_by_stem(images)
    for (name, path), split in zip(flat.items(), splits_by_hash(list(flat))[0], strict=True):
        yield _Entry(name, split, path, folder / LABELS / f"{name}.txt")
    for place in sorted(path for path in images.iterdir() if path.is_dir()):
        split = {"valid": "val", "validation": "val"}.get(place.name, place.name)
        for name, path in images_by_stem(place).items():
            yield _Entry(name, split, path, folder / LABELS / place.name / f"{name}.txt")


def _without_polygons(folder: Path, entries: Sequence[_Entry]) -> list[str]:
    """Returns what there is to tell of images without a polygon; all may be background, or have their labels elsewhere."""
    missing = empty = 0
    for entry in entries:
        text = read_text(entry.labels)
        missing += text is None
        empty += text is not None and not text.strip()
    counts = f"{missing} of {len(entries)} images have no label file, {empty} label files are empty"
    if missing + empty == len(entries):
        raise InputError(
            "no image has a polygon",
            received=f"{folder}: {counts}",
            fix="Put labels/SPLIT/NAME.txt beside images/SPLIT/NAME.png",
        )
    return [f"{counts}: such images are read as background"] if missing + empty else []


def _read(entry: _Entry) -> LabelledImage:
    image = read_rgb(entry.image)
    targets = np.zeros(image.shape[:2], np.int32)
    work = 0
    for number, line in enumerate((read_text(entry.labels) or "").splitlines(), start=1):
        if line.strip():
            where = f"{entry.labels} line {number}"
            polygon = _parse(line, targets.shape, where)
            work += filling_work(polygon)
            if work > _MOST_WORK:
                raise InputError("its polygons would take too long to fill", received=where, fix="Give fewer, or simpler ones")
            fill(targets, polygon, number)
    return labelled(entry.name, entry.split, image, targets, None, entry.labels)


def _lines(targets: NDArray[np.integer]) -> Iterator[str]:
    sides = np.array(targets.shape[::-1])
    for number in np.unique(targets[targets != 0]):
        for outline in outlines(targets == number):
            corners = ((outline + _INSIDE) / sides).ravel()
            yield f"0 {' '.join(f'{value:.6f}' for value in corners)}\n"


def _parse(line: str, shape: tuple[int, ...], where: str) -> Points:
    """Returns the polygon of a line: int32 (K, 2), pixels (x, y)."""
    try:
        values = np.array([float(word) for word in line.split()])
    except ValueError:
        values = np.array([np.nan])
    fix = "Write: class x1 y1 x2 y2 x3 y3 ..., from 0 to 1"
    if len(values) == 5:
        raise InputError("a line has a box where a polygon is needed", received=where, fix=fix)
    if len(values) < 7 or len(values) % 2 == 0 or not np.isfinite(values).all() or values[0] < 0 or values[0] % 1:
        raise InputError("a line is no polygon of three corners or more", received=where, fix=fix)
    corners = values[1:].reshape(-1, 2)
    if corners.min() < -_SLACK or corners.max() > 1 + _SLACK:
        raise InputError("a corner lies outside the image", received=where, fix=fix)
    height, width = shape
    return np.clip(np.floor(corners * (width, height)), 0, (width - 1, height - 1)).astype(np.int32)
