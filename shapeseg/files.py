"""The one place that writes files: a file is there whole, or not at all.

A file is written to a temporary name beside its target, synced, and renamed over it; then the folder is synced. A reader sees
the old file or the new one. Large batches of new files that nothing refers to yet are written plainly and synced once, before
the file that refers to them is committed.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

TEMPORARY_SUFFIX = ".shapeseg-tmp"


def temporary_beside(target: Path) -> Path:
    """Returns the temporary name beside ``target``; the process id keeps two writers apart, the suffix stays last but one."""
    return target.with_name(f".{target.stem}.{os.getpid()}{TEMPORARY_SUFFIX}{target.suffix}")


def sync_folder(folder: Path) -> None:
    """Makes renames within ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Makes the content of ``path`` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_with(target: Path, write: Callable[[Path], object]) -> None:
    """Calls ``write(temporary_path)`` and renames the result over ``target``, durably.

    For writers that insist on a path (Keras, Matplotlib). If ``write`` raises, ``target`` stays as it was.
    """
    temporary = temporary_beside(target)
    try:
        write(temporary)
        sync_file(temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def read_regular(path: Path, size: int = -1) -> bytes:
    """Reads a regular file that is no link, or its first bytes; a device or a pipe, which may block, is never read.

    Raises:
        OSError: If it is missing, or something else.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "this is no regular file", str(path))
        return file.read(size)


def write_bytes(target: Path, content: bytes) -> None:
    """Writes ``target`` whole or not at all, durably."""
    replace_with(target, lambda temporary: write_new_bytes(temporary, content))


def write_text(target: Path, content: str) -> None:
    """Writes UTF-8 text with plain newlines, whole or not at all, durably."""
    write_bytes(target, content.encode())


def write_json(target: Path, content: Any) -> None:
    """Writes indented JSON (no NaN, no Infinity), whole or not at all, durably."""
    write_text(target, json.dumps(content, indent=2, allow_nan=False, default=str) + "\n")


def write_new_bytes(target: Path | str, content: bytes) -> None:
    """Writes one of many new files that nothing refers to yet. Call :func:`sync_all` before you refer to them."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        while content:  # the system may take less than all of it
            content = content[os.write(descriptor, content) :]
    finally:
        os.close(descriptor)


def rename_new_file(source: Path, target: Path) -> None:
    """Renames a file that nothing refers to yet. Call :func:`sync_all` before you refer to it."""
    os.replace(source, target)


@contextmanager
def stream_new_file(target: Path) -> Iterator[BinaryIO]:
    """Opens a new file that nothing refers to yet for streaming; it is synced when the block ends."""
    with open(target, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def rename_folder(source: Path, target: Path) -> None:
    """Moves a complete folder into place, durably; ``target`` must not exist, or be an empty folder."""
    os.rename(source, target)
    sync_folder(target.parent)


def sync_all() -> None:
    """Makes everything written so far durable: one call for a batch of thousands of files."""
    os.sync()
