"""COCO annotations of others: polygons, filled by pycocotools, and run lengths of some categories, as masks.

    annotations/instances_SPLIT.json  next to SPLIT/ or images/      as COCO itself
    SPLIT/_annotations.coco.json      next to its images             as Roboflow writes it

Regions that are marked as crowds are void: neither training nor scores count them. The name of a file, or the ``split`` of an
image in it, says the split; a single file that says none leaves it to the names of the images.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.foreign_images import composed, read_rgb
from shapeseg.datasets.formats.labelled import LabelledFolder, LabelledImage, chosen_classes, labelled, names_in_splits
from shapeseg.datasets.own_splits import ALIASES, splits_by_hash
from shapeseg.environment import require_packages
from shapeseg.errors import InputError
from shapeseg.incoming import parse_json, read_file

_MOST = 2**30  # bytes of a file; that of COCO's own train split has half of it
_SPLIT = re.compile(rf"(?<![a-z])({'|'.join(ALIASES)})(?![a-z])")
_SLACK = 1.0  # pixels that a polygon may lie outside of its image
_MOST_CORNERS = 100_000  # of the polygons of one image


class _Image(NamedTuple):
    """An image that a file of annotations lists."""

    name: str
    split: str | None
    path: Path
    height: int
    width: int
    annotations: list[dict[str, Any]]


def coco_files(folder: Path) -> list[Path]:
    """Returns the files in a folder that may hold COCO annotations: by their names, none is opened."""
    roboflow = [folder / name / "_annotations.coco.json" for name in ("", *ALIASES)]
    listed = [*sorted((folder / "annotations").glob("*.json")), *sorted(folder.glob("*.json"))]
    instances = [path for path in listed if path.name.startswith("instances")]
    named = instances or [path for path in listed if "coco" in path.name.lower() or path.parent != folder]
    return list(dict.fromkeys([path for path in roboflow if path.is_file()] + named))


def read_coco(paths: Sequence[Path], categories: Sequence[str] = ()) -> LabelledFolder:
    """Lists the images of files of annotations; one without an annotation is background.

    Args:
        paths: Paths of the files.
        categories: Names or numbers of those that are the target; none takes all.

    Raises:
        NotInstalledError: If pycocotools is not installed.
        InputError: If a file is not COCO, an image is missing, or there is no such category.
    """
    require_packages(["pycocotools"], "COCO annotations")
    images: list[_Image] = []
    names: dict[int, str] = {}
    for path in paths:
        content = _read(path)
        for each in content["categories"]:
            if (known := names.setdefault(each["id"], each["name"])) != each["name"]:
                both = f"{each['id']} is {known} and, in {path}, {each['name']}"
                raise InputError("one number stands for two categories", received=both, fix="Number them alike")
        images += _images(path, content)
    if not images:
        raise InputError("no image is listed", received=paths[0], fix="Name another file")
    numbers, class_name = chosen_classes(categories, names, paths[0])
    splits = [each.split or "" for each in images]
    if not all(splits):
        splits = splits_by_hash([each.name for each in images])[0]
    unique = names_in_splits([each.name for each in images], splits)
    empty = sum(not any(one["category_id"] in numbers for one in each.annotations) for each in images)
    if empty == len(images):
        raise InputError(f"no image has an annotation of {class_name}", received=paths[0], fix="Name other --categories")
    notes = [f"{empty} of {len(images)} images have no {class_name}: they are read as background"] if empty else []
    read = (_labelled(image, name, split, numbers) for image, name, split in zip(images, unique, splits, strict=True))
    return LabelledFolder("COCO annotations", len(images), class_name, read, notes)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(read_file(path, most=_MOST, follow=True))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise _no_coco(path, str(error)) from error
    if not isinstance(content, dict):
        raise _no_coco(path, "it is not an object")
    kinds = {"images": {"id": int, "file_name": str}, "categories": {"id": int, "name": str}}
    kinds["annotations"] = {"image_id": int, "category_id": int}
    for part, fields in kinds.items():
        listed = content.get(part)
        if not isinstance(listed, list):
            raise _no_coco(path, f"it has no list of {part}")
        for each in listed:
            for name, kind in fields.items():
                if not isinstance(each, dict) or not isinstance(each.get(name), kind):
                    raise _no_coco(path, f"one of its {part} has no {name}")
    return content


def _images(path: Path, content: Mapping[str, Any]) -> Iterator[_Image]:
    annotations: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for each in content["annotations"]:
        annotations[each["image_id"]].append(each)
    of_file = _split_of(path)
    names = [PurePosixPath(each["file_name"]) for each in content["images"]]
    if outside := next((name for name in names if name.is_absolute() or ".." in name.parts), None):
        raise _no_coco(path, f"{outside} is not a name below its folder")
    place = _place(path, names)
    for each, name in zip(content["images"], names, strict=True):
        size = each.get("height"), each.get("width")
        if not all(isinstance(side, int) and side > 0 for side in size):
            raise _no_coco(path, f"{each['file_name']} has no height and width")
        split = ALIASES.get(str(each.get("split", "")).lower()) or of_file
        yield _Image(composed(name.stem), split, place / name, *size, annotations[each["id"]])


def _split_of(path: Path) -> str | None:
    """Returns the split that a file's name says, or that of its folder."""
    words = (re.sub(r"[0-9]", " ", path.stem.lower()), path.parent.name.lower())
    found = next((found for word in words if (found := _SPLIT.search(word.replace("_", " ")))), None)
    return None if found is None else ALIASES[found[1]]


def _place(path: Path, names: Sequence[PurePosixPath]) -> Path:
    """Returns where the images of a file are: next to it, in ``images``, or in a folder of the file's name."""
    named = path.stem.removeprefix("instances_")
    above = path.parent.parent
    places = (path.parent, path.parent / "images", above / named, above / "images" / named, above / "images", above)
    for name in names[:1]:
        for place in places:
            if (place / name).is_file():
                return place
        raise InputError(f"the images of {path.name} were not found", received=name, fix=f"Put them into {path.parent}/images")
    return path.parent


def _labelled(image: _Image, name: str, split: str, numbers: set[int]) -> LabelledImage:
    pixels = read_rgb(image.path)
    shape = (image.height, image.width)
    targets, void = np.zeros(shape, np.int32), np.zeros(shape, bool)
    corners = 0
    for number, each in enumerate((one for one in image.annotations if one["category_id"] in numbers), start=1):
        corners += _corners(each)
        if corners > _MOST_CORNERS:
            raise InputError("its polygons would take too long to fill", received=image.path, fix="Give fewer corners")
        mask = _mask(each, shape, image.path)
        if each.get("iscrowd"):
            void |= mask
        else:
            targets[mask] = number
    return labelled(name, split, pixels, targets, void & (targets == 0), image.path)


def _corners(annotation: Mapping[str, Any]) -> int:
    segmentation = annotation.get("segmentation")
    return sum(len(each) for each in segmentation if isinstance(each, list)) if isinstance(segmentation, list) else 0


def _mask(annotation: Mapping[str, Any], shape: tuple[int, int], path: Path) -> NDArray[np.bool_]:
    """Returns the pixels of an annotation, bool (H, W)."""
    from pycocotools import mask as coco

    height, width = shape
    segmentation = annotation.get("segmentation")
    counts: Any = None
    if isinstance(segmentation, list) and segmentation:
        if not all(_is_polygon(each, height, width) for each in segmentation):
            raise _unusable(path, "a polygon is not a list of three or more corners inside its image")
        counts = coco.merge(coco.frPyObjects(segmentation, height, width))["counts"].decode()
    elif isinstance(segmentation, dict) and segmentation.get("size") == [height, width]:
        counts = segmentation.get("counts")
    if isinstance(counts, str):
        counts = _counts(counts)
    if not isinstance(counts, list) or not _are_runs(counts, height * width):
        raise _unusable(path, "it has neither polygons nor run lengths that add up to the image")
    values = np.repeat(np.arange(len(counts)) % 2 == 1, counts)  # column by column, background first
    return values.reshape(width, height).T


def _is_polygon(values: Any, height: int, width: int) -> bool:
    if not isinstance(values, list) or len(values) < 6 or len(values) % 2:
        return False
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return False
    low, high = -_SLACK, _SLACK
    return all(low <= x <= width + high and low <= y <= height + high for x, y in zip(values[::2], values[1::2], strict=True))


def _are_runs(counts: Sequence[Any], pixels: int) -> bool:
    whole = all(isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= pixels for count in counts)
    return whole and sum(counts) == pixels


def _counts(text: str) -> list[int]:
    """Unpacks run lengths as COCO packs them; invalid ones do not add up to the image.

    A letter holds five bits and whether more follow; from the fourth number on, each is the difference to that two before it.
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text.encode():
        bits = letter - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value |= -1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def _unusable(path: Path, why: str) -> InputError:
    return InputError(f"an annotation cannot be used: {why}", received=path, fix="Correct it, or remove it")


def _no_coco(path: Path, why: str) -> InputError:
    return InputError(f"this is not a COCO instances file ({why})", received=path, fix="Name another")
