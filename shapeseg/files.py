"""The one place that writes files: a file is there whole, or not at all, and nothing that others made is written over.

A file is written to a temporary one next to its target, synced, and renamed over it; then the folder is synced. A reader sees
the old file or the new one; a link in its place is replaced and never followed. Large batches of new files that nothing refers
to yet are made exclusively, written plainly and synced once, before the file that refers to them is committed.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from shapeseg.temporaries import remove_left_files, temporary_file

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def sync(path: Path) -> None:
    """Makes the content of a file, or renames within a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_with(target: Path, write: Callable[[Path], object]) -> None:
    """Calls ``write(temporary_path)`` and renames the result over ``target``, durably.

    For writers that insist on a path (Keras, Matplotlib). If ``write`` raises, ``target`` stays as it was. What killed
    writers of it left goes first: no other command may ever clean up.
    """
    remove_left_files(target.parent, target.name)
    _replace_with(target, write)


def _replace_with(target: Path, write: Callable[[Path], object]) -> None:
    with temporary_file(target) as temporary:
        write(temporary)
        sync(temporary)
        os.replace(temporary, target)
    sync(target.parent)


def write_bytes(target: Path, content: bytes) -> None:
    """Writes ``target`` whole or not at all, durably."""
    _replace_with(target, lambda temporary: _write_and_close(os.open(temporary, _WRITE), content))


def write_text(target: Path, content: str) -> None:
    """Writes UTF-8 text with plain newlines, whole or not at all, durably; bytes of a path that are no UTF-8 are escaped."""
    write_bytes(target, content.encode(errors="backslashreplace"))


def write_json(target: Path, content: Any) -> None:
    """Writes indented JSON (no NaN, no Infinity), whole or not at all, durably."""
    write_text(target, json.dumps(content, indent=2, allow_nan=False, default=str) + "\n")


def write_new_bytes(target: Path | str, content: bytes) -> None:
    """Writes one of many new files that nothing refers to yet. Call :func:`sync_all` before you refer to them.

    Raises:
        FileExistsError: If there is something already, even a link, unless it is what a killed writer had begun.
    """
    try:
        descriptor = os.open(target, _WRITE | os.O_EXCL, 0o666)
    except FileExistsError:
        _remove_begun(target, content)
        descriptor = os.open(target, _WRITE | os.O_EXCL, 0o666)
    _write_and_close(descriptor, content)


def _remove_begun(target: Path | str, content: bytes) -> None:
    """Removes a regular file that holds the beginning of ``content`` and nothing else."""
    if stat.S_ISREG(os.lstat(target).st_mode):
        with open(target, "rb") as file:
            if content.startswith(file.read(len(content) + 1)):
                os.unlink(target)


def _write_and_close(descriptor: int, content: bytes) -> None:
    try:
        while content:  # the system may take less than all of it
            content = content[os.write(descriptor, content) :]
    finally:
        os.close(descriptor)


def rename_file(source: Path, target: Path) -> None:
    """Renames a file, over another if there is one. Call :func:`sync` or :func:`sync_all` to make it last."""
    os.replace(source, target)


@contextmanager
def stream(path: Path) -> Iterator[BinaryIO]:
    """Opens a new file, or a temporary one, for streaming; it is synced when the block ends."""
    descriptor = os.open(path, _WRITE, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(descriptor)


def rename_folder(source: Path, target: Path) -> None:
    """Moves a complete folder into place, durably; ``target`` must not exist, or be an empty folder."""
    os.rename(source, target)
    sync(target.parent)


def sync_all() -> None:
    """Makes everything written so far durable: one call for a batch of thousands of files."""
    os.sync()
