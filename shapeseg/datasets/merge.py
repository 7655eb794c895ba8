"""Merging datasets into a new one: no two samples share an id, and each row says where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import NamedTuple

from shapeseg.datasets.create import staged_dataset
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.filter import copy_files
from shapeseg.datasets.manifest import Manifest
from shapeseg.datasets.metadata import encode_rows, write_metadata
from shapeseg.datasets.samples import Row, sample_paths
from shapeseg.datasets.whole import in_order
from shapeseg.datasets.workers import chunked
from shapeseg.errors import InputError, UsageError
from shapeseg.folders import refuse_existing
from shapeseg.scenes.rule import Rule
from shapeseg.terminal import Progress, no_progress


class _Part(NamedTuple):
    """What goes in of one dataset.

    Attributes:
        data: The dataset.
        rows: The old and the new row of every sample that goes in.
    """

    data: Dataset
    rows: list[tuple[Row, Row]]


def merge_datasets(datasets: Sequence[Dataset], out: Path, progress: Progress = no_progress) -> tuple[Manifest, int]:
    """Writes the samples of datasets as one. Of shards, which may be given in any order, it makes the whole, bit for bit.

    Of other datasets, samples whose images, by their pixels, are there already are left out. Samples of the first keep their
    ids; those of another keep theirs if both are of the same streams, and are numbered on otherwise. Every sample keeps its
    split. The merged dataset goes on, by ``append``, with the streams of the first.

    Args:
        datasets: Two or more.
        out: The new folder.
        progress: Called with the number of samples written since the last call.

    Returns:
        The manifest of the merged dataset, and how many samples were left out as duplicates.

    Raises:
        UsageError: If ``out`` exists, or there are fewer than two.
        InputError: If a dataset has no recipes, or shards are not all of one whole, each once.
    """
    refuse_existing(out)
    if len(datasets) < 2:
        named = ", ".join(str(data.folder) for data in datasets) or "none"
        raise UsageError("merge takes two datasets or more", received=named, fix="Name them: merge FIRST SECOND --out OUT")
    for data in datasets:
        if not data.has_recipes:
            raise InputError(
                "only datasets with recipes can be merged", received=data.folder, fix="Put images of your own into one folder"
            )
    if any(data.manifest.shard for data in datasets):
        shards = in_order(datasets)
        whole = shards[0].manifest
        return _write([_as_they_are(data) for data in shards], whole.next_index, whole.rule, out, progress), 0
    first, *others = datasets
    parts = _plan(datasets)
    next_index = max(_next_index(datasets), 1 + max(new["index"] for part in parts for _, new in part.rows))
    rule = first.rule if all(other.rule == first.rule for other in others) else None
    manifest = _write(parts, next_index, rule, out, progress)
    return manifest, sum(map(len, datasets)) - manifest.count


def _write(parts: Sequence[_Part], next_index: int, rule: Rule | None, out: Path, progress: Progress) -> Manifest:
    """Writes parts as one dataset, in all else that it says of itself like the first of them."""
    kept = sorted((new for part in parts for _, new in part.rows), key=lambda row: row["index"])
    with staged_dataset(out) as staging:
        for part in parts:
            copy_files(part.data.folder, staging, part.rows, progress)
        named = write_metadata(staging, map(encode_rows, chunked(kept)))
        manifest = parts[0].data.manifest.changed(count=len(kept), next_index=next_index, metadata=named, rule=rule)
        manifest.write(staging)
    return manifest


def _as_they_are(data: Dataset) -> _Part:
    return _Part(data, [(row, row) for row in data.rows])


def _plan(datasets: Sequence[Dataset]) -> list[_Part]:
    """Returns what goes in of each dataset."""
    first, *others = datasets
    parts = [_as_they_are(first)]
    known = {first.digest_of(place) for place in range(len(first))}
    taken = {row["index"] for row in first.rows}
    numbers = count(_next_index(datasets))
    for other in others:
        same_streams = _of_same_streams(first, other)
        part = _Part(other, [])
        for place, row in enumerate(other.rows):
            digest = other.digest_of(place)
            if digest in known:
                continue
            known.add(digest)
            keeps = same_streams and row["index"] not in taken
            new = _renumbered(row, row["index"] if keeps else next(numbers), other)
            taken.add(new["index"])
            part.rows.append((row, new))
        parts.append(part)
    return parts


def _next_index(datasets: Sequence[Dataset]) -> int:
    """Returns the first index that none has used; what others have used of other streams is free in the first."""
    return max(data.manifest.next_index for data in datasets if _of_same_streams(datasets[0], data))


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
