"""Temporary files and folders next to what they are to become, of which no one else's can be mistaken for ours.

Each is made exclusively under a random name and then named after its own inode. A copy of it, or something that bears such a
name by accident, has another inode and is left alone. Whoever writes holds a kernel lock on it, so that the dead are known
from the living.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".shapeseg-tmp"

_NAME = re.compile(rf"\.(.+)\.([0-9a-f]{{16}}|[0-9a-f]+-[0-9a-f]+){re.escape(SUFFIX)}((?:\..*)?)", re.DOTALL)


@contextmanager
def temporary_file(target: Path) -> Iterator[Path]:
    """Yields an empty file next to ``target`` with the same suffix; when the block ends it is removed if still there."""
    path = _name(target.stem, secrets.token_hex(8), target.suffix, target)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        path = path.rename(_name(target.stem, _inode(os.fstat(descriptor)), target.suffix, target))
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def make_temporary_folder(target: Path) -> Path:
    """Makes an empty folder next to ``target``; a kill half-way leaves an empty one under a random name."""
    path = _name(target.name, secrets.token_hex(8), "", target)
    path.mkdir()
    return path.rename(_name(target.name, folder_identity(path), "", target))


def folder_identity(folder: Path) -> str:
    """Returns what names this very folder; a copy of it has another."""
    return _inode(folder.stat())


class Leftover(NamedTuple):
    """Something with the name of a temporary file or folder.

    Attributes:
        path: Where it is.
        ours: Whether it was made here, or is empty.
    """

    path: Path
    ours: bool


def leftovers(folder: Path, target: str | None = None) -> list[Leftover]:
    """Lists what has the name of a temporary file or folder and no writer.

    Args:
        folder: Where to look.
        target: Name of what it was to become; None takes any.
    """
    found = []
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match and target in (None, match[1] + match[3]):
            with suppress(FileNotFoundError):  # its writer has just ended
                state = os.lstat(path)
                if not _is_written(path, state):
                    found.append(Leftover(path, match[2] == _inode(state) or _is_empty(path, state)))
    return found


def remove_left_files(folder: Path, target: str | None = None) -> None:
    """Removes the files, not the folders, that killed writers left; see :func:`leftovers`."""
    for left in leftovers(folder, target):
        if left.ours and not left.path.is_dir():
            left.path.unlink(missing_ok=True)


def _name(stem: str, token: str, suffix: str, beside: Path) -> Path:
    return beside.with_name(f".{stem}.{token}{SUFFIX}{suffix}")


def _inode(state: os.stat_result) -> str:
    return f"{state.st_dev:x}-{state.st_ino:x}"


def _is_empty(path: Path, state: os.stat_result) -> bool:
    if stat.S_ISDIR(state.st_mode):
        return not any(path.iterdir())
    return stat.S_ISREG(state.st_mode) and state.st_size == 0


def _is_written(path: Path, state: os.stat_result) -> bool:
    """Whether a living writer holds a file; who fills a folder holds the lock in it."""
    if not stat.S_ISREG(state.st_mode):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:  # of another user, in a folder of many
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
