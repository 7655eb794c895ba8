"""Verifying samples: each is checked against its row, and its row against what should have been drawn."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.findings import Finding
from shapeseg.datasets.image_digest import image_digest
from shapeseg.datasets.manifest import Manifest
from shapeseg.datasets.metadata import encode_rows
from shapeseg.datasets.png import SIGNATURE, decode_png, png_size
from shapeseg.datasets.rows import RowError, check_row
from shapeseg.datasets.samples import FOLDERS, Row, largest_file, measured, sample_paths
from shapeseg.datasets.splits import split_of
from shapeseg.errors import InputError, ShapesegError
from shapeseg.incoming import parse_json, read_file
from shapeseg.scenes import GENERATOR_VERSION, Scene, sample_scene

_MODES = {"image": (8, 2), "mask": (8, 0), "instance_map": (8, 0)}  # bit depth and colour type of a PNG header
_HEADER = 64  # bytes, more than a PNG header has
_CONTENTS = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP", b"RIFF": "WebP"}


class Checked(NamedTuple):
    """What is to be known of some lines of metadata once they are checked.

    Attributes:
        findings: What is wrong with them and their files.
        indices: Of the rows that can be used.
        elsewhere: Their files that are not where their index says: where that is, and where they are.
        glance: Their lines of ``metadata.csv``.
        digests: uint64 (lines, 2), half of the digest of each image; 0 for one that was not decoded.
    """

    findings: list[Finding]
    indices: list[int]
    elsewhere: dict[str, str]
    glance: bytes
    digests: NDArray[np.uint64]


def check_lines(folder: Path, manifest: Manifest, quick: bool, numbered: tuple[int, list[bytes]]) -> Checked:
    """Checks lines of metadata and what they name: headers of files if ``quick``, else every pixel and every recipe.

    Args:
        folder: Of the dataset.
        manifest: What ``dataset.json`` says.
        quick: Whether to look at headers only.
        numbered: The number of the first line, from 1, and the lines.
    """
    first, lines = numbered
    findings: list[Finding] = []
    rows: list[Row] = []
    digests = np.zeros((len(lines), 2), np.uint64)
    for place, line in enumerate(lines):
        where = f"{manifest.metadata.file} line {first + place}"
        try:
            row = parse_json(line)
            check_row(row)
        except (RowError, ValueError) as error:
            findings.append(Finding(where, str(error)))
            continue
        rows.append(row)
        if "source" not in row and row["split"] != _split_of(row, manifest):
            findings.append(Finding(where, f"split is {row['split']}, which seed and settings contradict"))
        found, pixels = _check_files(folder, quick, row)
        findings += found
        if "image" in pixels:
            digests[place] = np.frombuffer(image_digest(pixels["image"])[:16], np.uint64)
        if not quick:
            findings += _check_recipe(row, manifest)
    usual = ((path, row[role]) for row in rows for role, path in sample_paths(row["index"]).items())
    elsewhere = {path: there for path, there in usual if there != path}
    return Checked(findings, [row["index"] for row in rows], elsewhere, encode_rows(rows).glance, digests)


def _split_of(row: Row, manifest: Manifest) -> str:
    return split_of(row["index"], seed=manifest.seed, settings=manifest.settings.splits)


def _check_files(folder: Path, quick: bool, row: Row) -> tuple[list[Finding], dict[str, Any]]:
    findings, pixels = [], {}
    for role in FOLDERS:
        try:
            content = _read(folder / row[role], row, quick)
            _check_header(content, role, row)
            if not quick:
                pixels[role] = _check_content(content, row["sha256"][role])
        except InputError as error:
            findings.append(Finding(row[role], str(error)))
        except _Wrong as wrong:
            findings.append(Finding(row[role], str(wrong)))
    if len(pixels) == len(FOLDERS):
        findings += _check_pixels(row, pixels)
    return findings, pixels


class _Wrong(Exception):
    """What is wrong with a file."""


def _read(path: Path, row: Row, quick: bool) -> bytes:
    try:
        return read_file(path, most=largest_file(row), start=_HEADER if quick else None)
    except FileNotFoundError:
        raise _Wrong("the file is missing") from None
    except OSError as error:
        raise _Wrong(f"the file cannot be opened ({error.strerror})") from None


def _check_header(content: bytes, role: str, row: Row) -> None:
    if not content:
        raise _Wrong("the file is empty")
    if content[:8] != SIGNATURE or len(content) < 26:
        other = next((name for start, name in _CONTENTS.items() if content.startswith(start)), None)
        raise _Wrong(f"the content is {other}" if other else "the file is not a PNG")
    width, height, *mode = struct.unpack(">IIBB", content[16:26])
    if (width, height) != (row["width"], row["height"]):
        raise _Wrong(f"the image is {width} x {height}, its row says {row['width']} x {row['height']}")
    if tuple(mode) != _MODES[role]:
        raise _Wrong(f"bit depth and colour type are {tuple(mode)}, expected {_MODES[role]}")


def _check_content(content: bytes, digest: str) -> Any:
    if hashlib.sha256(content).hexdigest() != digest:
        raise _Wrong("the content does not match its row (SHA-256)")
    if (ours := decode_png(content)) is not None:
        return ours
    image = None
    if png_size(content) is not None:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise _Wrong("the image cannot be decoded")
    return image[..., ::-1] if image.ndim == 3 else image


def _check_recipe(row: Row, manifest: Manifest) -> Iterator[Finding]:
    """Draws the scene again from seed and settings, unless it is a twin, of another dataset or by another generator."""
    if "twin" in row or "source" in row or manifest.generator_version != GENERATOR_VERSION:
        return
    stored = Scene.from_dict(row)
    stored = replace(stored, instances=tuple(instance._replace(ignored=False) for instance in stored.instances))
    try:
        drawn = sample_scene(manifest.settings.scene, seed=manifest.seed, index=row["index"])
    except ShapesegError:
        drawn = None
    if drawn != stored:
        yield Finding(row["image_id"], "seed and settings of dataset.json draw another scene")


def _check_pixels(row: Row, pixels: dict[str, Any]) -> Iterator[Finding]:
    scene = Scene.from_dict(row)
    truth = scene.render()
    expected = {
        "image": truth.image,
        "mask": truth.mask,
        "instance_map": truth.instance_map,
    }
    for role, image in pixels.items():
        if not np.array_equal(image, expected[role]):
            wrong = np.count_nonzero(image != expected[role]) if image.shape == expected[role].shape else "all"
            yield Finding(row[role], f"{wrong} values differ from what the recipe draws")
    for number, (stated, measures) in enumerate(zip(row["instances"], measured(truth), strict=True), start=1):
        for name, value in measures.items():
            if stated[name] != value:
                yield Finding(row["image_id"], f"instance {number}: {name} is {stated[name]}, measured {value}")
