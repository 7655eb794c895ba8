"""Verifying a dataset: everything it states is checked against everything else it holds, and against a fresh rendering."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.image_digest import image_digest
from shapeseg.datasets.manifest import Manifest
from shapeseg.datasets.metadata import GLANCE, glance_problem, read_metadata
from shapeseg.datasets.png import SIGNATURE, decode_png, png_size
from shapeseg.datasets.rows import RowError, check_row, numbering_problems
from shapeseg.datasets.samples import FOLDERS, Row, largest_file, measured
from shapeseg.datasets.splits import split_of
from shapeseg.datasets.workers import chunked, map_chunks, worker_count
from shapeseg.errors import InputError, ShapesegError
from shapeseg.incoming import parse_json, read_file
from shapeseg.scenes import GENERATOR_VERSION, Scene, sample_scene
from shapeseg.terminal import Progress, no_progress

_MODES = {"image": (8, 2), "mask": (8, 0), "instance_map": (8, 0)}  # bit depth and colour type of a PNG header
_KNOWN = {"dataset.json", "class_dict.csv", ".lock", GLANCE, *FOLDERS.values()}
_HEADER = 64  # bytes, more than a PNG header has
_CONTENTS = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP", b"RIFF": "WebP"}


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes:
        where: File, or line of the metadata, relative to the dataset.
        what: What is wrong there.
        severity: ``"error"``, ``"warning"`` for what may be meant so, or ``"note"`` for what is only said.
    """

    where: str
    what: str
    severity: Literal["error", "warning", "note"] = "error"


def verify_dataset(
    folder: Path, *, quick: bool = False, workers: int | None = None, progress: Progress = no_progress
) -> list[Finding]:
    """Checks counts, rows, splits, files, sizes and modes; unless ``quick``, also digests, every pixel and every recipe.

    Raises:
        InputError: If there is no dataset here, or its manifest or metadata cannot be used at all.
    """
    manifest, content = read_metadata(folder)
    rows, findings = _read_rows(content, manifest)
    if manifest.count != len(content.splitlines()):
        findings.append(Finding("dataset.json", f"count is {manifest.count}, but there are {len(rows)} rows"))
    for index, what in numbering_problems(rows, manifest.indices):
        findings.append(Finding(f"{manifest.metadata.file} index {index}", what))
    if problem := glance_problem(folder, rows):
        findings.append(Finding(GLANCE, problem))
    check = partial(_check_samples, folder, None if quick else manifest)
    chunks = chunked(rows)
    digests = np.zeros((len(rows), 2), np.uint64)  # half of each: images that share as much are the same
    done = 0
    for chunk, (found, own) in zip(
        chunks, map_chunks(check, chunks, 0 if quick else worker_count(workers, len(rows))), strict=True
    ):
        findings += found
        digests[done : done + len(chunk)] = own
        done += len(chunk)
        progress(len(chunk))
    return [*findings, *_same_images(rows, digests), *_extra_files(folder, manifest, rows)]


def _same_images(rows: list[Row], digests: NDArray[np.uint64]) -> Iterator[Finding]:
    """Finds images that are there twice; those that could not be read have the digest 0."""
    order = np.lexsort(digests.T)
    for one, other in pairwise(order.tolist()):
        if digests[one].any() and np.array_equal(digests[one], digests[other]):
            yield _twice(*sorted((rows[one], rows[other]), key=lambda row: row["index"]))


def found_twice(images: Iterable[tuple[Row, bytes]]) -> Iterator[Finding]:
    """Finds images that are there twice, among rows with the digests of their images."""
    first: dict[bytes, Row] = {}
    for row, digest in images:
        if (other := first.setdefault(digest, row)) is not row:
            yield _twice(other, row)


def _twice(first: Row, second: Row) -> Finding:
    if first["split"] == second["split"]:
        return Finding(second["image"], f"the same image as {first['image']}, in one split", "warning")
    what = f"the same image as {first['image']}: it is in {first['split']} and in {second['split']}"
    return Finding(second["image"], what)


def _read_rows(content: bytes, manifest: Manifest) -> tuple[list[Row], list[Finding]]:
    rows, findings = [], []
    for number, line in enumerate(content.splitlines(), start=1):
        where = f"{manifest.metadata.file} line {number}"
        try:
            row = parse_json(line)
            check_row(row)
        except (RowError, ValueError) as error:
            findings.append(Finding(where, str(error)))
            continue
        if "source" not in row and row["split"] != split_of(
            row["index"], seed=manifest.seed, settings=manifest.settings.splits
        ):
            findings.append(Finding(where, f"split is {row['split']}, which seed and settings contradict"))
        rows.append(row)
    return rows, findings


def _check_samples(folder: Path, manifest: Manifest | None, rows: list[Row]) -> tuple[list[Finding], NDArray[np.uint64]]:
    """Checks samples: against their rows, and, unless the manifest is left out, against what should have been drawn.

    Returns:
        What is wrong, and half of the digest of each image, uint64 (N, 2); 0 for one that was not decoded.
    """
    findings: list[Finding] = []
    digests = np.zeros((len(rows), 2), np.uint64)
    for place, row in enumerate(rows):
        found, pixels = _check_files(folder, manifest is None, row)
        findings += found
        if "image" in pixels:
            digests[place] = np.frombuffer(image_digest(pixels["image"])[:16], np.uint64)
        if manifest is not None:
            findings += _check_recipe(row, manifest)
    return findings, digests


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


def _extra_files(folder: Path, manifest: Manifest, rows: list[Row]) -> Iterator[Finding]:
    listed = {row[role] for row in rows for role in FOLDERS}
    for name in FOLDERS.values():
        for path in sorted((folder / name).glob("*")):
            if f"{name}/{path.name}" not in listed:
                yield Finding(f"{name}/{path.name}", "no row names this file", "warning")
    for path in sorted(folder.iterdir()):
        if path.name not in _KNOWN | {manifest.metadata.file}:
            yield Finding(path.name, "this file does not belong to the dataset", "warning")
