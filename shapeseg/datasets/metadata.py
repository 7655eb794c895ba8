"""The metadata of a dataset: rows of JSON, read back whole, and committed by ``dataset.json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from shapeseg import files
from shapeseg.datasets.manifest import Manifest, MetadataFile, read_manifest
from shapeseg.datasets.samples import Row, encode_row
from shapeseg.errors import InputError
from shapeseg.scenes.rule import Rule

METADATA = "metadata.jsonl"
GLANCE = "metadata.csv"
_GLANCE_HEADER = "image_id,split,image_path,mask_path,instances,rectangles,max_occlusion\n"
_REREADS = 5


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


def stored_lines(metadata: bytes) -> Lines:
    """Returns metadata that is stored already, to be stored again as it is."""
    return Lines(metadata, _glances(parse_rows(metadata)))


def read_metadata(folder: Path) -> tuple[Manifest, bytes]:
    """Reads what ``dataset.json`` says, and the metadata that it names.

    A writer may commit between the two; then what is named now is read again, so that readers need no lock.

    Raises:
        InputError: If either is missing or damaged.
    """
    for attempt in range(_REREADS):
        manifest = read_manifest(folder)
        path = folder / manifest.metadata.file
        try:
            content = path.read_bytes()
            break
        except FileNotFoundError as error:
            if attempt + 1 == _REREADS or read_manifest(folder) == manifest:
                raise InputError(
                    "the dataset's metadata is missing", received=path, fix="Restore it, or generate again"
                ) from error
    if hashlib.sha256(content).hexdigest() != manifest.metadata.sha256:
        raise InputError(
            "the dataset's metadata is not what dataset.json names", received=path, fix="Restore it, or generate again"
        )
    return manifest, content


def parse_rows(content: bytes) -> list[Row]:
    """Parses metadata lines.

    Raises:
        InputError: If one is no JSON, though the digest is right.
    """
    rows = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"line {number} of the metadata is no JSON ({error})", received=line[:80], fix="Restore it, or generate again"
            ) from error
    return rows


def rule_of(manifest: Manifest, rows: Callable[[], Sequence[Row]]) -> Rule | None:
    """Returns by what a dataset's scenes were chosen; None when that is unknown.

    The first format did not say. There it is the settings, but where rows are missing, or came from elsewhere; only there rows
    are asked for.
    """
    if manifest.format_version > 1:
        return manifest.rule
    known = rows()
    whole = len(known) == manifest.next_index and not any("source" in row for row in known)
    changed = manifest.twin is not None and Rule(manifest.settings.scene).asks_for_occlusion
    return Rule(manifest.settings.scene) if whole and not changed else None


def write_metadata(folder: Path, name: str, chunks: Iterable[Lines]) -> MetadataFile:
    """Streams metadata lines into a new file, with the table for a glance beside it, and returns what names the file."""
    digest = hashlib.sha256()
    with files.stream_new_file(folder / name) as metadata, files.stream_new_file(folder / GLANCE) as table:
        table.write(_GLANCE_HEADER.encode())
        for lines in chunks:
            metadata.write(lines.metadata)
            digest.update(lines.metadata)
            table.write(lines.glance)
    return MetadataFile(name, digest.hexdigest())


def commit_metadata(folder: Path, manifest: Manifest, chunks: Iterable[Lines]) -> Manifest:
    """Makes new metadata the one that counts, in a dataset that exists: the old version holds until the last moment.

    Args:
        folder: Of the dataset, whose lock is held.
        manifest: The new one, in all but its metadata file.
        chunks: The new metadata, whole.
    """
    old = folder / manifest.metadata.file
    named = write_metadata(folder, f".{METADATA}{files.TEMPORARY_SUFFIX}", chunks)
    # Named by its content: no counter to keep, and the same change done twice ends in the same files.
    final = folder / f"metadata-{named.sha256[:16]}.jsonl"
    files.rename_new_file(folder / named.file, final)
    files.sync_all()
    committed = replace(manifest, metadata=MetadataFile(final.name, named.sha256))
    committed.write(folder)
    if old != final:
        old.unlink(missing_ok=True)
    return committed


def _glances(rows: Sequence[Row]) -> bytes:
    return "".join(map(_glance, rows)).encode()


def _glance(row: Row) -> str:
    """Returns the row's line of ``metadata.csv``."""
    instances = row["instances"]
    rectangles = sum(instance["kind"] == "rectangle" for instance in instances)
    most = max((instance["occlusion_rate"] for instance in instances), default=0.0)
    return f"{row['image_id']},{row['split']},{row['image']},{row['mask']},{len(instances)},{rectangles},{most}\n"
