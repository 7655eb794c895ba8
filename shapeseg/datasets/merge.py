"""Merging two datasets into a new one: no two samples share an id, and each row says where it came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from itertools import count
from pathlib import Path

from shapeseg.datasets.create import staged_dataset
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.filter import copy_files
from shapeseg.datasets.manifest import Manifest
from shapeseg.datasets.metadata import encode_rows, write_metadata
from shapeseg.datasets.samples import Row, sample_paths
from shapeseg.datasets.workers import chunked
from shapeseg.errors import InputError
from shapeseg.folders import refuse_existing
from shapeseg.terminal import Progress, no_progress


def merge_datasets(first: Dataset, second: Dataset, out: Path, progress: Progress = no_progress) -> tuple[Manifest, int]:
    """Writes all samples of ``first`` and those of ``second`` whose images, by their pixels, are not there already.

    The samples of ``first`` keep their ids; those of ``second`` keep theirs if both are of the same streams, and are numbered
    on otherwise. Every sample keeps its split. ``append`` continues the merged dataset with the streams of ``first``.

    Returns:
        The manifest of the merged dataset, and how many samples were left out as duplicates.

    Raises:
        UsageError: If ``out`` exists.
        InputError: If a dataset has no recipes.
    """
    refuse_existing(out)
    for data in (first, second):
        if not data.has_recipes:
            raise InputError(
                "only datasets with recipes can be merged", received=data.folder, fix="Put images of your own into one folder"
            )
    pairs, skipped = _plan(first, second)
    kept = [row for _, row in pairs]
    with staged_dataset(out) as staging:
        copy_files(first.folder, staging, pairs[: len(first)], progress)
        copy_files(second.folder, staging, pairs[len(first) :], progress)
        kept.sort(key=lambda row: row["index"])
        named = write_metadata(staging, map(encode_rows, chunked(kept)))
        next_index = max(_next_index(first, second), kept[-1]["index"] + 1)
        manifest = first.manifest.changed(
            count=len(kept),
            next_index=next_index,
            metadata=named,
            rule=first.rule if first.rule == second.rule else None,
        )
        manifest.write(staging)
    return manifest, skipped


def _plan(first: Dataset, second: Dataset) -> tuple[list[tuple[Row, Row]], int]:
    """Returns old and new row of every sample that goes in, those of ``first`` first, and how many do not."""
    known = {first.digest_of(place) for place in range(len(first))}
    fresh = []
    for place, row in enumerate(second.rows):
        digest = second.digest_of(place)
        if digest not in known:
            known.add(digest)
            fresh.append(row)
    same_streams = _of_same_streams(first, second)
    taken = {row["index"] for row in first.rows}
    numbers = count(_next_index(first, second))
    pairs = [(row, row) for row in first.rows]
    for row in fresh:
        keeps = same_streams and row["index"] not in taken
        pairs.append((row, _renumbered(row, row["index"] if keeps else next(numbers), second)))
    return pairs, len(second) - len(fresh)


def _next_index(first: Dataset, second: Dataset) -> int:
    """Returns the first index that neither has used; what the second has used of other streams is free in the first."""
    return max(first.manifest.next_index, second.manifest.next_index if _of_same_streams(first, second) else 0)


def _of_same_streams(first: Dataset, second: Dataset) -> bool:
    return _streams(first.manifest) == _streams(second.manifest)


def _streams(manifest: Manifest) -> tuple[int, str]:
    settings = json.dumps(asdict(manifest.settings), sort_keys=True)
    return manifest.seed, hashlib.sha256(settings.encode()).hexdigest()


def _origin(row: Row, data: Dataset) -> tuple[int, str, int]:
    """Names what a sample, or the original of a twin, was drawn from."""
    source = row.get("source")
    if source:
        return source["seed"], source["settings_sha256"], source["index"]
    return (*_streams(data.manifest), row["index"])


def _renumbered(row: Row, index: int, data: Dataset) -> Row:
    seed, settings, old_index = _origin(row, data)
    source = {"seed": seed, "settings_sha256": settings, "index": old_index}
    return row | {"index": index, "image_id": f"{index:06d}", **sample_paths(index), "source": source}
