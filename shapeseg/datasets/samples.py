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
from shapeseg.datasets.png import encode_png
from shapeseg.errors import InputError
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


def read_image(path: Path) -> NDArray[np.uint8]:
    """Reads an 8-bit colour PNG as uint8 (H, W, 3), RGB, 0 to 255."""
    return _decode(path, cv2.IMREAD_COLOR_RGB)


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Reads an 8-bit one-channel PNG as uint8 (H, W)."""
    return _decode(path, cv2.IMREAD_GRAYSCALE)


def damaged_files(folder: Path, row: Row) -> Iterator[str]:
    """Yields the image and the mask of a row when they are missing or not what it names."""
    for role in ("image", "mask"):
        try:
            content = files.read_regular(folder / row[role])
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != row["sha256"][role]:
            yield row[role]


def read_stored(path: Path) -> bytes:
    """Reads a file of a sample.

    Raises:
        InputError: If it is missing, or no regular file.
    """
    try:
        return files.read_regular(path)
    except FileNotFoundError:
        raise InputError("a file of the dataset is missing", received=path, fix="Generate the dataset again") from None
    except OSError as error:
        raise InputError(
            f"a file of the dataset cannot be read ({error.strerror})", received=path, fix="Generate the dataset again"
        ) from error


def _decode(path: Path, flags: int) -> NDArray[np.uint8]:
    content = np.frombuffer(read_stored(path), np.uint8)
    image = cv2.imdecode(content, flags) if content.size else None
    if image is None:
        raise InputError("a file of the dataset is no readable image", received=path, fix="Generate the dataset again")
    return image
