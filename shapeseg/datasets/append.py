"""Appending: more samples of the same streams. 1000 images now and 500 later equal 1500 at once, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path

from shapeseg import files
from shapeseg.datasets.draw import check_space, draw_samples, estimate_bytes, make_folders
from shapeseg.datasets.manifest import Manifest, read_manifest
from shapeseg.datasets.metadata import commit_metadata, parse_rows, read_metadata, rule_of, stored_lines
from shapeseg.datasets.samples import sample_paths
from shapeseg.datasets.workers import worker_count
from shapeseg.errors import InputError
from shapeseg.folders import writer_lock
from shapeseg.scenes import GENERATOR_VERSION
from shapeseg.settings import check_range
from shapeseg.terminal import Progress, no_progress

# Names the indices that an append is about to write, so that the next writer can remove just those if it is killed.
_JOURNAL = ".appending.json"


def append_samples(folder: Path, *, num_images: int, workers: int | None = None, progress: Progress = no_progress) -> Manifest:
    """Continues a dataset's indices and streams. Until the very end the dataset is the old one; no file of it is touched.

    Args:
        folder: Of a dataset made by shapeseg.
        num_images: 1 or more.
        workers: As for ``create_dataset``.
        progress: Called with the number of samples written since the last call.

    Raises:
        UsageError: If ``num_images`` or ``workers`` is out of range.
        InputError: If there is no dataset, it is damaged, or an older generator made it.
        BusyError: If another process is writing to it.
        StorageError: If the disk is too small.
    """
    check_range("num_images", num_images, least=1, fix="Ask for at least 1")
    worker_count(workers, num_images)
    read_manifest(folder)  # before a lock file is made in what may be no dataset
    with writer_lock(folder):
        clean_up(folder)
        manifest, metadata = read_metadata(folder)
        if manifest.generator_version != GENERATOR_VERSION:
            raise InputError(
                "the dataset was drawn by another version of the generator",
                received=f"{folder}, generator {manifest.generator_version}",
                fix=f"Generate it again; this shapeseg draws as generator {GENERATOR_VERSION}",
            )
        if manifest.twin:
            raise InputError(
                "twins cannot be drawn on", received=folder, fix="Append to the original and write its twins again"
            )
        check_space(folder, len(metadata) + estimate_bytes(manifest.settings, manifest.seed, num_images))
        indices = range(manifest.next_index, manifest.next_index + num_images)
        files.write_json(folder / _JOURNAL, {"first": indices.start, "stop": indices.stop})
        make_folders(folder)
        rule = rule_of(manifest, partial(parse_rows, metadata))
        grown = manifest.changed(
            count=manifest.count + num_images,
            next_index=indices.stop,
            rule=None if rule is None or rule.filters else rule,  # what is drawn now has passed no filter
        )
        # Closed before the lock is free, should something interrupt: workers must not write any more.
        with closing(
            draw_samples(folder, indices, seed=manifest.seed, settings=manifest.settings, workers=workers, progress=progress)
        ) as lines:
            committed = commit_metadata(folder, grown, chain([stored_lines(metadata)], lines))
        (folder / _JOURNAL).unlink()
    return committed


def clean_up(folder: Path) -> None:
    """Removes what a killed writer left in a dataset: the files it announced and nothing names, and unfinished ones."""
    for path in _leftovers(folder):
        path.unlink(missing_ok=True)


def _leftovers(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f".*{files.TEMPORARY_SUFFIX}*")
    journal = folder / _JOURNAL
    if journal.exists():
        manifest, metadata = read_metadata(folder)
        listed = {row["index"] for row in parse_rows(metadata)}
        announced = json.loads(journal.read_bytes())
        for index in range(max(announced["first"], manifest.next_index), announced["stop"]):
            if index not in listed:
                yield from (folder / path for path in sample_paths(index).values())
        yield from (path for path in folder.glob("metadata-*.jsonl") if path.name != manifest.metadata.file)
        yield journal
