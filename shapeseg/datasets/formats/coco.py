"""COCO: a dataset's instances as one JSON file of the COCO "instances" format, with the hidden parts next to the visible ones.

Every visible instance has one annotation. What COCO tools read (``segmentation``, ``area``, ``bbox``) is its visible part;
``amodal_segmentation``, ``amodal_area`` and ``amodal_bbox`` are the whole silhouette, and ``visib_fract`` is visible over
amodal area. Masks are uncompressed run lengths, which pycocotools reads. An ignored instance has ``"ignore": 1``; note that
pycocotools' own evaluation looks at ``iscrowd`` alone, which stays 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.samples import Row
from shapeseg.errors import InputError, UsageError
from shapeseg.folders import make_folder, whole_path
from shapeseg.scenes import Instance, Scene
from shapeseg.scenes.instance import Box
from shapeseg.scenes.kinds import KINDS, silhouette
from shapeseg.terminal import Progress, no_progress

CATEGORY_IDS = {kind: number for number, kind in enumerate(KINDS, start=1)}
"""Category id of each kind of shape: the same in every export."""

Mask = NDArray[np.bool_]


class CocoCounts(NamedTuple):
    """What was written.

    Attributes:
        images: Image entries.
        annotations: Visible instances.
        hidden: Fully hidden instances, which have no annotation.
    """

    images: int
    annotations: int
    hidden: int


def export_coco(data: Dataset, out: Path, progress: Progress = no_progress) -> CocoCounts:
    """Streams the annotations of a dataset into ``out``, which is there whole or not at all.

    Args:
        data: With recipes; masks are drawn from them again.
        out: New JSON file; missing parent folders are made.
        progress: Called with the number of images done since the last call.

    Raises:
        UsageError: If ``out`` exists.
        InputError: If the dataset has no recipes.
        StorageError: If the folder of ``out`` cannot be made.
    """
    refuse_existing_file(out)
    if not data.has_recipes:
        raise InputError("COCO instances need recipes", received=data.folder, fix="Name a dataset made by shapeseg")
    make_folder(out.parent)
    annotations = 0

    def write(temporary: Path) -> None:
        nonlocal annotations
        with files.stream(temporary) as file:
            file.write(_head(data))
            annotations = _write_annotations(file, data, progress)
            file.write(b"\n]}\n")

    files.replace_with(out, write)
    instances = sum(len(row["instances"]) for row in data.rows)
    return CocoCounts(len(data), annotations, instances - annotations)


def refuse_existing_file(out: Path) -> None:
    """Raises a UsageError when there is anything at ``out``."""
    if out.exists() or out.is_symlink():
        raise UsageError("the file exists and is never overwritten", received=out, fix="Name another, or remove it first")


def run_lengths(mask: Mask, corner: tuple[int, int], canvas: tuple[int, int]) -> dict[str, Any]:
    """Encodes a mask as COCO's uncompressed run lengths: column by column, background and foreground in turn.

    >>> run_lengths(np.array([[True, False], [True, True]]), corner=(1, 0), canvas=(2, 4))
    {'counts': [2, 2, 1, 1, 2], 'size': [2, 4]}

    Args:
        mask: bool (h, w), the part of the canvas that can be foreground.
        corner: Its top-left corner, (x, y).
        canvas: (H, W) of the whole image.
    """
    (x, y), (height, width) = corner, canvas
    h, _ = mask.shape
    # A row of background below each column ends every run inside it: edges alternate between starts and ends.
    columns = np.pad(mask, ((0, 1), (0, 0))).T.ravel()
    edges = np.flatnonzero(np.diff(columns, prepend=False))
    places = (x + edges // (h + 1)) * height + y + edges % (h + 1)
    starts, ends = places[::2], places[1::2]
    goes_on = np.flatnonzero(ends[:-1] == starts[1:])  # a run down to the canvas's last row and on in the next column
    starts, ends = np.delete(starts, goes_on + 1), np.delete(ends, goes_on)
    borders = np.stack([starts, ends], axis=1).ravel()
    counts = np.diff(borders, prepend=0, append=height * width).tolist()
    return {"counts": counts if counts[-1] else counts[:-1], "size": [height, width]}


def _head(data: Dataset) -> bytes:
    """Returns everything before the annotations."""
    content = {
        "info": {"description": f"shapeseg dataset {whole_path(data.folder).name}", "dataset_sha256": data.digest()},
        "licenses": [],
        "categories": [
            {"id": CATEGORY_IDS[kind], "name": kind, "supercategory": "shape"} for kind in KINDS if kind in _kinds(data)
        ],
        "images": [_image_entry(row) for row in data.rows],
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode().removesuffix(b"}") + b',"annotations":['


def _kinds(data: Dataset) -> set[str]:
    """Returns the kinds that the settings name, and those of samples that were merged from elsewhere."""
    scene = data.manifest.settings.scene
    asked = {*scene.kinds, *([scene.occluder_kind] if scene.occluder_kind else [])}
    return asked | {instance["kind"] for row in data.rows for instance in row["instances"]}


def _image_entry(row: Row) -> dict[str, Any]:
    return {"id": row["index"], "file_name": row["image"]} | {name: row[name] for name in ("width", "height", "split")}


def _write_annotations(file: BinaryIO, data: Dataset, progress: Progress) -> int:
    number = 0
    for row in data.rows:
        for annotation in _annotations(row):
            number += 1
            line = {"id": number, "image_id": row["index"], **annotation}
            file.write((b",\n" if number > 1 else b"\n") + json.dumps(line, separators=(",", ":"), allow_nan=False).encode())
        progress(1)
    return number


def _annotations(row: Row) -> Iterator[dict[str, Any]]:
    """Yields what each visible instance of a row says of itself, back to front."""
    scene = Scene.from_dict(row)
    instance_map = scene.render().instance_map
    for number, instance in enumerate(scene.instances, start=1):
        x, y, w, h = instance.box
        visible = instance_map[y : y + h, x : x + w] == number
        if visible.any():
            yield _annotation(instance, visible, number, (scene.height, scene.width))


def _annotation(instance: Instance, visible: Mask, number: int, canvas: tuple[int, int]) -> dict[str, Any]:
    x, y, w, h = instance.box
    amodal = silhouette(instance.kind, w, h, instance.form)[0] != 0
    area, amodal_area = int(np.count_nonzero(visible)), int(np.count_nonzero(amodal))
    return {
        "category_id": CATEGORY_IDS[instance.kind],
        "instance": number,  # its value in the instance map
        "segmentation": run_lengths(visible, (x, y), canvas),
        "area": area,
        "bbox": _tight_box(visible, x, y),
        "iscrowd": 0,
        "ignore": int(instance.ignored),
        "visib_fract": area / amodal_area,
        "amodal_segmentation": run_lengths(amodal, (x, y), canvas),
        "amodal_area": amodal_area,
        "amodal_bbox": _tight_box(amodal, x, y),
    }


def _tight_box(mask: Mask, x: int, y: int) -> Box:
    """Returns the smallest ``(x, y, w, h)`` around the foreground of a mask whose corner is at (x, y)."""
    columns, rows = (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
    left, top = int(columns[0]), int(rows[0])
    return x + left, y + top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1
