"""The metadata of a dataset: rows of JSON, read back whole, and committed by ``dataset.json``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from shapeseg import files
from shapeseg.datasets.manifest import Manifest, MetadataFile, read_manifest
from shapeseg.datasets.rows import RowError, check_row, numbering_problems
from shapeseg.datasets.samples import Row, encode_row
from shapeseg.datasets.workers import CHUNK
from shapeseg.errors import InputError
from shapeseg.incoming import open_file, parse_json
from shapeseg.scenes.rule import Rule
from shapeseg.temporaries import temporary_file

METADATA = "metadata.jsonl"
GLANCE = "metadata.csv"
_GLANCE_HEADER = "image_id,split,image_path,mask_path,instances,rectangles,max_occlusion\n"
_REREADS = 5
_MAX_ROW = 2**16  # bytes; 255 shapes take less
MAX_METADATA = 2**31
"""Bytes of metadata at most: some two million images."""


class Lines(NamedTuple):
    """Some rows as they are stored.

    Attributes:
        metadata: Their lines of JSON.
        glance: Their lines of ``metadata.csv``.
    """

    metadata: bytes
    glance: bytes


def encode_rows(rows: Sequence[Row]) -> Lines:
    """Returns rows as they are stored."""
    return Lines(b"".join(map(encode_row, rows)), _glances(rows))


def stored_lines(metadata: bytes, rows: Sequence[Row]) -> Lines:
    """Returns metadata that is stored already, to be stored again as it is, and so its rows."""
    return Lines(metadata, _glances(rows))


def read_metadata(folder: Path) -> tuple[Manifest, bytes]:
    """Reads what ``dataset.json`` says, and the metadata that it names, whole; see :func:`open_metadata`."""
    with open_metadata(folder) as (manifest, file):
        return manifest, file.read()


@contextmanager
def open_metadata(folder: Path) -> Iterator[tuple[Manifest, BufferedReader]]:
    """Reads what ``dataset.json`` says, and yields it with the metadata that it names, opened.

    A writer may commit between the two; then what is named now is read again, so that readers need no lock.

    Raises:
        InputError: If either is missing or damaged.
    """
    with ExitStack() as stack:
        for attempt in range(_REREADS):
            manifest = read_manifest(folder)
            path = folder / manifest.metadata.file
            try:
                file = stack.enter_context(open_file(path, most=min(manifest.count * _MAX_ROW, MAX_METADATA)))
                break
            except FileNotFoundError as error:
                if attempt + 1 == _REREADS or read_manifest(folder) == manifest:
                    raise InputError(
                        "the dataset's metadata is missing", received=path, fix="Restore it, or generate again"
                    ) from error
        if hashlib.file_digest(file, "sha256").hexdigest() != manifest.metadata.sha256:
            raise InputError(
                "the dataset's metadata is not what dataset.json names", received=path, fix="Restore it, or generate again"
            )
        file.seek(0)
        yield manifest, file


def line_chunks(file: BufferedReader) -> Iterator[list[bytes]]:
    """Yields the lines of metadata, some at a time."""
    lines = iter(lambda: file.readline(_MAX_ROW), b"")
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def parse_rows(manifest: Manifest, content: bytes) -> list[Row]:
    """Parses metadata lines: what a row must be, each is, and their numbers are what ``dataset.json`` says.

    Raises:
        InputError: If not, though the digest is right.
    """
    rows = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            row = parse_json(line)
            check_row(row)
        except (RowError, ValueError) as error:
            raise _unusable(f"line {number} of the metadata cannot be used: {error}", manifest) from error
        rows.append(row)
    for index, what in numbering_problems((row["index"] for row in rows), manifest.indices):
        raise _unusable(f"the row of index {index} cannot be used: {what}", manifest)
    if len(rows) != manifest.count:
        raise _unusable(f"count is {manifest.count}, but there are {len(rows)} rows", manifest)
    return rows


def _unusable(what: str, manifest: Manifest) -> InputError:
    return InputError(what, received=manifest.metadata.file, fix="Restore it from a copy, or generate again")


def rule_of(manifest: Manifest, rows: Sequence[Row]) -> Rule | None:
    """Returns by what a dataset's scenes were chosen; None when that is unknown.

    The first format did not say. There it is the settings, but where rows are missing, or came from elsewhere.
    """
    if manifest.format_version > 1:
        return manifest.rule
    whole = len(rows) == manifest.next_index and not any("source" in row for row in rows)
    changed = manifest.twin is not None and Rule(manifest.settings.scene).asks_for_occlusion
    return Rule(manifest.settings.scene) if whole and not changed else None


def write_metadata(folder: Path, chunks: Iterable[Lines]) -> MetadataFile:
    """Streams metadata, and the table for a glance, into a new dataset; returns what names the metadata."""
    return MetadataFile(METADATA, _stream(folder / METADATA, folder / GLANCE, chunks))


def commit_metadata(folder: Path, manifest: Manifest, chunks: Iterable[Lines]) -> Manifest:
    """Makes new metadata the one that counts, in a dataset that exists: the old version holds until the last moment.

    The table for a glance is that of the version that counts, or not there.

    Args:
        folder: Folder of the dataset, whose lock is held.
        manifest: The new one, in all but its metadata file.
        chunks: The new metadata, whole.
    """
    old = folder / manifest.metadata.file
    with temporary_file(folder / METADATA) as metadata, temporary_file(folder / GLANCE) as table:
        digest = _stream(metadata, table, chunks)
        # Named by its content: no counter to keep, and the same change done twice ends in the same files.
        final = folder / f"metadata-{digest[:16]}.jsonl"
        files.rename_file(metadata, final)
        (folder / GLANCE).unlink(missing_ok=True)
        files.sync_all()
        committed = replace(manifest, metadata=MetadataFile(final.name, digest))
        committed.write(folder)
        files.rename_file(table, folder / GLANCE)
        files.sync(folder)
    if old != final:
        old.unlink(missing_ok=True)
    return committed


def _stream(metadata_path: Path, table_path: Path, chunks: Iterable[Lines]) -> str:
    """Writes metadata and the table for a glance; returns the SHA-256 of the metadata."""
    digest = hashlib.sha256()
    with files.stream(metadata_path) as metadata, files.stream(table_path) as table:
        table.write(_GLANCE_HEADER.encode())
        for lines in chunks:
            metadata.write(lines.metadata)
            digest.update(lines.metadata)
            table.write(lines.glance)
    return digest.hexdigest()


def glance_digest() -> hashlib._Hash:
    """Returns the digest of a ``metadata.csv`` without rows, to go on with those of :class:`Lines`."""
    return hashlib.sha256(_GLANCE_HEADER.encode())


def glance_problem(folder: Path, expected: str) -> str | None:
    """Returns what is wrong with ``metadata.csv``, whose digest is expected; it may be missing, but not say anything else."""
    try:
        with open_file(folder / GLANCE, most=MAX_METADATA) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except (InputError, OSError) as error:
        return f"it cannot be what the metadata says ({error})"
    return None if found == expected else "it contradicts the metadata; remove it"


def _glances(rows: Sequence[Row]) -> bytes:
    return "".join(map(_glance, rows)).encode()


def _glance(row: Row) -> str:
    """Returns the row's line of ``metadata.csv``."""
    instances = row["instances"]
    rectangles = sum(instance["kind"] == "rectangle" for instance in instances)
    most = max((instance["occlusion_rate"] for instance in instances), default=0.0)
    return f"{row['image_id']},{row['split']},{row['image']},{row['mask']},{len(instances)},{rectangles},{most}\n"
