"""One sample on disk: its three PNG files and its metadata row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.datasets.png import encode_png, png_size
from shapeseg.errors import InputError
from shapeseg.incoming import read_file
from shapeseg.scenes import Scene, Truth

FOLDERS = {"image": "images", "mask": "masks", "instance_map": "instances"}

Row = dict[str, Any]

_CANONICAL = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def write_sample(folder: Path, scene: Scene, index: int, split: str) -> Row:
    """Renders a scene, writes its files under ``folder`` (not yet synced), and returns its metadata row."""
    row, contents = encode_sample(scene, index, split)
    for role, content in contents.items():
        files.write_new_bytes(f"{folder}/{row[role]}", content)
    return row


def encode_sample(scene: Scene, index: int, split: str) -> tuple[Row, dict[str, bytes]]:
    """Renders a scene and returns its metadata row and the content of its files, by role."""
    truth = scene.render()
    contents = {
        "image": encode_png(truth.image),
        "mask": encode_png(truth.mask),
        "instance_map": encode_png(truth.instance_map),
    }
    recipe = scene.to_dict()
    for instance, areas in zip(recipe["instances"], measured(truth), strict=True):
        instance |= areas
    row = {
        "index": index,
        "image_id": f"{index:06d}",
        "split": split,
        **sample_paths(index),
        **recipe,
        "sha256": {role: hashlib.sha256(content).hexdigest() for role, content in contents.items()},
    }
    return row, contents


def sample_paths(index: int) -> dict[str, str]:
    """Returns where the files of a sample are, by role, relative to the dataset."""
    return {role: f"{folder_name}/{index:06d}.png" for role, folder_name in FOLDERS.items()}


def measured(truth: Truth) -> Iterator[dict[str, Any]]:
    """Yields, for each instance, the areas and the occlusion rate that its row states."""
    for amodal, visible in zip(truth.amodal_areas, truth.visible_areas, strict=True):
        yield {"amodal_area": amodal, "visible_area": visible, "occlusion_rate": 1.0 - visible / amodal}


def encode_row(row: Row) -> bytes:
    """Returns the row as one line of canonical JSON."""
    return _CANONICAL.encode(row).encode() + b"\n"


def read_image(folder: Path, row: Row) -> NDArray[np.uint8]:
    """Reads the image of a row as uint8 (H, W, 3), RGB, 0 to 255."""
    return _decode(folder, row, "image", cv2.IMREAD_COLOR_RGB)


def read_mask(folder: Path, row: Row) -> NDArray[np.uint8]:
    """Reads the mask of a row as uint8 (H, W)."""
    return _decode(folder, row, "mask", cv2.IMREAD_GRAYSCALE)


def is_as_named(folder: Path, row: Row, role: str) -> bool:
    """Whether a file of a row is there, the one whose digest the row names, and of its size."""
    try:
        content = read_stored(folder, row, role)
    except InputError:
        return False
    whole = hashlib.sha256(content).hexdigest() == row["sha256"][role]
    return whole and png_size(content) == (row["width"], row["height"])


def read_stored(folder: Path, row: Row, role: str) -> bytes:
    """Reads a file of a sample.

    Raises:
        InputError: If it is missing, not a regular file, or larger than an image of the row's size can be.
    """
    path = folder / row[role]
    try:
        return read_file(path, most=largest_file(row))
    except FileNotFoundError:
        raise InputError("a file of the dataset is missing", received=path, fix=_FIX) from None
    except OSError as error:
        raise InputError(f"a file of the dataset cannot be read ({error.strerror})", received=path, fix=_FIX) from error


def largest_file(row: Row) -> int:
    """Returns how many bytes an image of a row has at most: its pixels as they are, and some more."""
    return int(4 * row["width"] * row["height"] + 2**16)


_FIX = "Generate the dataset again"


def _decode(folder: Path, row: Row, role: str, flags: int) -> NDArray[np.uint8]:
    content = read_stored(folder, row, role)
    if png_size(content) == (row["width"], row["height"]):  # of another size it may be a bomb
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
        if image is not None:
            return image
    raise InputError("a file of the dataset is not a readable image of its size", received=folder / row[role], fix=_FIX)
