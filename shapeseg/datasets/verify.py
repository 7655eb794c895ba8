"""Verifying a dataset: everything it states is checked against everything else it holds, and against a fresh rendering.

Rows are read as a stream; of an image that was checked, a number and half a digest are kept, and no more.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from io import BufferedReader
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.findings import Finding, twice
from shapeseg.datasets.manifest import Manifest
from shapeseg.datasets.metadata import GLANCE, glance_digest, glance_problem, line_chunks, open_metadata
from shapeseg.datasets.rows import numbering_problems
from shapeseg.datasets.samples import FOLDERS, Row, sample_paths
from shapeseg.datasets.verify_samples import check_lines
from shapeseg.datasets.workers import CHUNK, map_chunks, worker_count
from shapeseg.incoming import parse_json
from shapeseg.terminal import Progress, no_progress

_KNOWN = {"dataset.json", "class_dict.csv", ".lock", GLANCE, *FOLDERS.values()}


def verify_dataset(
    folder: Path, *, quick: bool = False, workers: int | None = None, progress: Progress = no_progress
) -> list[Finding]:
    """Checks counts, rows, splits, files, sizes and modes; unless ``quick``, also digests, every pixel and every recipe.

    Raises:
        InputError: If there is no dataset here, or its manifest or metadata cannot be used at all.
    """
    findings: list[Finding] = []
    indices, glance = array("q"), glance_digest()
    elsewhere: dict[str, str] = {}
    digests = bytearray()  # 16 bytes a line: images that share as much are the same
    with open_metadata(folder) as (manifest, file):
        check = partial(check_lines, folder, manifest, quick)
        numbered = zip(count(1, CHUNK), line_chunks(file))
        for checked in map_chunks(check, numbered, 0 if quick else worker_count(workers, manifest.count)):
            findings += checked.findings
            indices.extend(checked.indices)
            elsewhere.update(checked.elsewhere)
            glance.update(checked.glance)
            digests += checked.digests.tobytes()
            progress(len(checked.digests))
        findings += _same_images(np.frombuffer(digests, np.uint64).reshape(-1, 2), file)
    lines = len(digests) // 16
    if manifest.count != lines:
        findings.append(Finding("dataset.json", f"count is {manifest.count}, but there are {lines} rows"))
    for index, what in numbering_problems(indices, manifest.indices):
        findings.append(Finding(f"{manifest.metadata.file} index {index}", what))
    if problem := glance_problem(folder, glance.hexdigest()):
        findings.append(Finding(GLANCE, problem))
    return [*findings, *_extra_files(folder, manifest, array("q", np.sort(indices).tobytes()), elsewhere)]


def _same_images(digests: NDArray[np.uint64], file: BufferedReader) -> Iterator[Finding]:
    """Finds images that are there twice, by the digests of their lines; those that could not be read have the digest 0."""
    order = np.lexsort(digests.T)
    same = np.ones(max(len(order) - 1, 0), bool)
    for half in digests.T:
        same &= half[order[1:]] == half[order[:-1]]
    pairs = [(int(order[place]), int(order[place + 1])) for place in np.flatnonzero(same) if digests[order[place]].any()]
    rows = _rows_at({place for pair in pairs for place in pair}, file)
    for pair in pairs:
        yield twice(*sorted((rows[place] for place in pair), key=lambda row: row["index"]))


def _rows_at(places: set[int], file: BufferedReader) -> dict[int, Row]:
    """Reads the rows of some lines, which are known to be good, once more."""
    file.seek(0)
    lines = (line for chunk in line_chunks(file) for line in chunk) if places else ()
    return {place: parse_json(line) for place, line in enumerate(lines) if place in places}


def _extra_files(folder: Path, manifest: Manifest, indices: Sequence[int], elsewhere: Mapping[str, str]) -> Iterator[Finding]:
    """Finds files that no row names.

    Args:
        folder: Of the dataset.
        manifest: What ``dataset.json`` says.
        indices: Of all rows, sorted.
        elsewhere: Files that are not where their index says: where that is, and where they are.
    """
    named = set(elsewhere.values())
    for role, name in FOLDERS.items():
        extra = []
        with suppress(OSError), os.scandir(folder / name) as entries:  # where there is no folder, its files are missing
            for entry in entries:
                path = f"{name}/{entry.name}"
                if path not in named and (path in elsewhere or not _is_of_index(path, role, indices)):
                    extra.append(path)
        yield from (Finding(path, "no row names this file", "warning") for path in sorted(extra))
    for name in sorted(path.name for path in folder.iterdir()):
        if name not in _KNOWN | {manifest.metadata.file}:
            yield Finding(name, "this file does not belong to the dataset", "warning")


def _is_of_index(path: str, role: str, indices: Sequence[int]) -> bool:
    """Whether a file is where a sample of one of these indices has it."""
    digits = Path(path).stem
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        return False
    index = int(digits)
    place = bisect_left(indices, index)
    return place < len(indices) and indices[place] == index and path == sample_paths(index)[role]
