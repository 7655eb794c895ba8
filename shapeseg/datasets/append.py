"""Appending: more samples of the same streams. 1000 images now and 500 later equal 1500 at once, bit for bit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from shapeseg import files
from shapeseg.datasets.draw import check_space, draw_samples, estimate_bytes, make_folders
from shapeseg.datasets.manifest import Manifest, read_manifest
from shapeseg.datasets.metadata import MAX_METADATA, commit_metadata, parse_rows, read_metadata, rule_of, stored_lines
from shapeseg.datasets.samples import FOLDERS, sample_paths
from shapeseg.datasets.workers import worker_count
from shapeseg.errors import InputError
from shapeseg.folders import real_path, refuse_links, writer_lock
from shapeseg.incoming import MAX_TEXT, parse_json, read_file
from shapeseg.scenes import GENERATOR_VERSION
from shapeseg.settings import check_range, settings_from_dict
from shapeseg.temporaries import folder_identity
from shapeseg.terminal import Progress, no_progress, say

_JOURNAL = ".appending.json"
_OLD_METADATA = re.compile(r"metadata-([0-9a-f]{16})\.jsonl")
_SAMPLE_FILE = re.compile(r"([0-9]{6,19})\.png")


@dataclass(frozen=True)
class _Journal:
    """Names the indices that an append is about to write, so that the next writer can remove just those if it is killed.

    Attributes:
        first: The first index.
        stop: The first index after them.
        folder: Identity of the dataset's folder: in a copy of it, the owner of those files is unknown.
    """

    first: int
    stop: int
    folder: str = ""  # of a journal of 0.1.0, which did not say


def append_samples(folder: Path, *, num_images: int, workers: int | None = None, progress: Progress = no_progress) -> Manifest:
    """Continues a dataset's indices and streams. Until the very end the dataset is the old one; none of its files is touched.

    Args:
        folder: Folder of a dataset made by shapeseg.
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
    folder = real_path(folder)
    read_manifest(folder)  # before a lock file is made in what may be no dataset
    refuse_links(folder, FOLDERS.values())
    with writer_lock(folder):
        clean_up(folder)
        manifest, metadata = read_metadata(folder)
        rows = parse_rows(manifest, metadata)
        if manifest.generator_version != GENERATOR_VERSION:
            raise InputError(
                "the dataset was drawn by another version of the generator",
                received=f"{folder}, generator {manifest.generator_version}",
                fix=f"Generate it again; this shapeseg draws as generator {GENERATOR_VERSION}",
            )
        if manifest.shard:
            raise InputError(
                "a shard ends where the next one begins",
                received=f"{folder}, shard {manifest.shard}",
                fix="Merge it with the others and append to the whole",
            )
        if manifest.twin:
            raise InputError(
                "twins cannot be appended to", received=folder, fix="Append to the original and write its twins again"
            )
        check_space(folder, len(metadata) + estimate_bytes(manifest.settings, manifest.seed, num_images))
        indices = range(manifest.next_index, manifest.next_index + num_images)
        _refuse_taken(folder, indices)
        files.write_json(folder / _JOURNAL, asdict(_Journal(indices.start, indices.stop, folder_identity(folder))))
        make_folders(folder)
        rule = rule_of(manifest, rows)
        grown = manifest.changed(
            count=manifest.count + num_images,
            next_index=indices.stop,
            rule=None if rule is None or rule.filters else rule,  # what is drawn now has passed no filter
        )
        # Closed before the lock is free, should something interrupt: workers must not write any more.
        with closing(
            draw_samples(folder, indices, seed=manifest.seed, settings=manifest.settings, workers=workers, progress=progress)
        ) as lines:
            committed = commit_metadata(folder, grown, chain([stored_lines(metadata, rows)], lines))
        (folder / _JOURNAL).unlink()
    return committed


def clean_up(folder: Path) -> None:
    """Removes what a killed writer left in a dataset: the files it announced and nothing names, and old metadata.

    Raises:
        InputError: If the announcement cannot be read.
    """
    for path in [*_leftovers(folder)]:
        path.unlink(missing_ok=True)


def _leftovers(folder: Path) -> Iterator[Path]:
    manifest = read_manifest(folder)
    for path in folder.glob("metadata-*.jsonl"):
        if path.name != manifest.metadata.file and _is_old_metadata(path):
            yield path
    journal = _read_journal(folder)
    if journal is None:
        return
    if journal.folder != folder_identity(folder):
        say("warning", f"{folder / _JOURNAL} was made in another folder; what an append left here is not removed")
        return
    taken = {row["index"] for row in parse_rows(*read_metadata(folder))}
    unnamed = range(max(journal.first, manifest.next_index), journal.stop)
    yield from (path for path, index in _sample_files(folder) if index in unnamed and index not in taken)
    yield folder / _JOURNAL


def _read_journal(folder: Path) -> _Journal | None:
    path = folder / _JOURNAL
    try:
        return settings_from_dict(_Journal, parse_json(read_file(path, most=MAX_TEXT)))
    except FileNotFoundError:
        return None
    except ValueError as error:
        fix = f"Remove it, and any images in {folder} that no row names"
        raise InputError(f"what an append left behind cannot be read ({error})", received=path, fix=fix) from error


def _is_old_metadata(path: Path) -> bool:
    """Whether a file is named by its own content, as all metadata of ours but the first is."""
    match = _OLD_METADATA.fullmatch(path.name)
    if match is None:
        return False
    try:
        return hashlib.sha256(read_file(path, most=MAX_METADATA)).hexdigest().startswith(match[1])
    except (OSError, InputError):
        return False


def _refuse_taken(folder: Path, indices: range) -> None:
    """Raises an InputError when there is something where samples of these indices are to be written."""
    if taken := sorted(path for path, index in _sample_files(folder) if index in indices):
        raise InputError(
            f"{len(taken)} files that no row names are in the way", received=taken[0], fix="Move them away, then append again"
        )


def _sample_files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yields whatever bears the name of a sample's file, and the index in it."""
    for name in FOLDERS.values():
        for path in (folder / name).glob("*.png"):
            match = _SAMPLE_FILE.fullmatch(path.name)
            if match and f"{name}/{path.name}" in sample_paths(int(match[1])).values():
                yield path, int(match[1])
