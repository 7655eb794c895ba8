"""YOLO segmentation: a text file of polygons next to each image.

    images/SPLIT/NAME.png      RGB; ``SPLIT/images/NAME.png``, as Roboflow writes it, is read too
    labels/SPLIT/NAME.txt      ``class x1 y1 x2 y2 ...`` a line, 0 to 1 of width and height
    data.yaml                  where the splits are, and the name of each class; ``classes.txt`` is read too, a name a line

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
from shapeseg.datasets.foreign_images import composed, images_by_stem, png_bytes, read_rgb
from shapeseg.datasets.formats.labelled import (
    LabelledFolder,
    LabelledImage,
    chosen_classes,
    labelled,
    names_in_splits,
    read_text,
)
from shapeseg.datasets.formats.polygons import Points, fill, filling_work, outlines
from shapeseg.datasets.own_splits import ALIASES, splits_by_hash
from shapeseg.datasets.splits import SPLITS
from shapeseg.errors import InputError
from shapeseg.folders import make_folder
from shapeseg.incoming import read_file

LABELS = "labels"

_MOST_YAML = 64 * 2**10  # bytes
_NO_LABELS = ("classes.txt", "notes.txt")
_INSIDE = 0.25  # where in its pixel a corner is written: far from where cutting off or rounding would find another
_SLACK = 0.01  # how far outside the image a corner may lie; it is moved to the edge
_MOST_WORK = 2 * 10**9  # nanoseconds for the polygons of one image: far from what people label


class _Entry(NamedTuple):
    name: str
    split: str
    image: Path
    labels: Path


def read_yolo(folder: Path, categories: Sequence[str] = ()) -> LabelledFolder:
    """Lists the images of every split; each line is an instance, and every class is a target, or those that are asked for.

    An image without a label file holds no target, as for Ultralytics; their number is reported. Without folders for the
    splits they are dealt out as for a plain folder.

    Raises:
        InputError: If there are no images, no image has a polygon, labels have no image, two images of a split share a name,
            or there is no such class.
    """
    entries = list(_entries(folder))
    if not entries:
        raise InputError("there are no images here", received=folder / "images", fix="Put them into images/SPLIT")
    listed = {entry.labels for entry in entries}
    if lost := sorted(path for place in _label_folders(folder) for path in _label_files(place) if path not in listed):
        raise InputError(f"{len(lost)} label files have no image", received=lost[0], fix="Give each its image, or remove it")
    classes, class_name = chosen_classes(categories, _class_names(folder), folder)
    unique = names_in_splits([entry.name for entry in entries], [entry.split for entry in entries])
    notes = _without_polygons(folder, entries)
    named = [entry._replace(name=name) for entry, name in zip(entries, unique, strict=True)]
    read = (_read(entry, classes if categories else None) for entry in named)
    return LabelledFolder("a YOLO folder", len(entries), class_name, read, notes)


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
    for split, images, labels in _places(folder):
        found = images_by_stem(images)
        written = {composed(path.stem): path for path in _label_files(labels)}
        splits = [split] * len(found) if split else splits_by_hash(list(found))[0]
        for (name, path), own in zip(found.items(), splits, strict=True):
            yield _Entry(name, own, path, written.get(name, labels / f"{name}.txt"))


def _places(folder: Path) -> Iterator[tuple[str | None, Path, Path]]:
    """Yields where images and their labels are, and the split that says so."""
    images = folder / "images"
    if images.is_dir():
        yield None, images, folder / LABELS
        for place in sorted(path for path in images.iterdir() if path.is_dir()):
            yield ALIASES.get(place.name, place.name), place, folder / LABELS / place.name
    for name, split in ALIASES.items():
        if (folder / name / "images").is_dir():
            yield split, folder / name / "images", folder / name / LABELS


def _label_folders(folder: Path) -> list[Path]:
    return [each for each in {labels: None for _, _, labels in _places(folder)} if each.is_dir()]


def _label_files(folder: Path) -> list[Path]:
    """Returns the label files of a folder, but for what labelling programs put next to them, and hidden ones."""
    if not folder.is_dir():
        return []
    return [path for path in folder.glob("*.txt") if path.name not in _NO_LABELS and not path.name.startswith(".")]


def _class_names(folder: Path) -> dict[int, str]:
    """Returns the names of the classes, by number; none where they are not stated."""
    for path in (folder / "classes.txt", folder / LABELS / "classes.txt"):
        if (text := read_text(path)) is not None:
            return dict(enumerate(line.strip() for line in text.splitlines() if line.strip()))
    path = folder / "data.yaml"
    try:
        content = yaml.safe_load(read_file(path, most=_MOST_YAML).decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"this is not YAML ({reason})", received=path, fix="Correct it, or remove it") from error
    named = content.get("names") if isinstance(content, dict) else None
    pairs = named.items() if isinstance(named, dict) else enumerate(named) if isinstance(named, list) else ()
    return {number: str(name) for number, name in pairs if isinstance(number, int) and isinstance(name, str | int)}


def _without_polygons(folder: Path, entries: Sequence[_Entry]) -> list[str]:
    """Returns notes about images without a polygon; all may be background, or have their labels elsewhere."""
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


def _read(entry: _Entry, classes: set[int] | None) -> LabelledImage:
    image = read_rgb(entry.image)
    targets = np.zeros(image.shape[:2], np.int32)
    work = 0
    for number, line in enumerate((read_text(entry.labels) or "").splitlines(), start=1):
        if line.strip():
            where = f"{entry.labels} line {number}"
            polygon = _parse(line, targets.shape, where)
            if classes is not None and float(line.split()[0]) not in classes:
                continue
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
        raise InputError("a line is not a polygon of three or more corners", received=where, fix=fix)
    corners = values[1:].reshape(-1, 2)
    if corners.min() < -_SLACK or corners.max() > 1 + _SLACK:
        raise InputError("a corner lies outside the image", received=where, fix=fix)
    height, width = shape
    return np.clip(np.floor(corners * (width, height)), 0, (width - 1, height - 1)).astype(np.int32)
