"""Folders to write: locked by one writer, filled beside their target, or taken over from an earlier result."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shapeseg import files
from shapeseg.errors import BusyError, InputError, UsageError, storage_errors

LOCK = ".lock"


def make_folder(folder: Path, what: str = "the folder") -> Path:
    """Makes a folder and its parents, where they are not there yet, and returns it.

    Raises:
        StorageError: If it cannot be made: ``WHAT cannot be made``.
    """
    with storage_errors(f"{what} cannot be made", received=folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def writer_lock(folder: Path) -> Iterator[int]:
    """Holds the lock of ``folder`` while the block runs. Readers never ask for it.

    Yields:
        Its descriptor; a process that inherits it holds the lock, too, until it ends.

    Raises:
        BusyError: If another process holds it.
        InputError: If the lock file is a link.
    """
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError("the lock file is a link", received=path, fix="Remove the link") from error
        raise
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
            raise BusyError(
                "another command is writing here", received=f"{folder}, locked by {holder}", fix="Try later"
            ) from error
        with suppress(OSError):  # who holds it is a courtesy; a full disk is told by what must be written
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Yields an empty folder beside ``out``; when the block ends well it is synced and becomes ``out``, else it is removed.

    What a killed writer left there is removed first.

    Raises:
        UsageError: If ``out`` holds anything.
        StorageError: If the folder cannot be made.
        BusyError: If another process is filling it.
    """
    refuse_existing(out)
    out = out.absolute()
    staging = out.with_name(f".{out.name}.staging")
    with storage_errors("the folder cannot be made", received=out):
        staging.mkdir(parents=True, exist_ok=True)
    with writer_lock(staging):
        try:
            _empty(staging)
            yield staging
            files.sync_all()
            refuse_existing(out)
            (staging / LOCK).unlink()
            files.rename_folder(staging, out)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def refuse_existing(out: Path) -> None:
    """Raises an error when ``out`` is anything but free (an empty folder is free)."""
    if out.absolute() == Path.cwd():  # it would be replaced below the feet of the shell
        raise UsageError("the current folder cannot be replaced", received=out, fix="Name a folder in it")
    with storage_errors("the folder cannot be read", received=out, fix="Name another"):
        free = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not free:
        raise UsageError("the folder is in use and is never overwritten", received=out, fix="Name another, or remove it first")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def take_folder(out: Path, kind: str, foreign: Callable[[set[str]], Collection[str]]) -> Path:
    """Makes a folder, or takes one with nothing foreign in it.

    Args:
        out: The folder.
        kind: Of the result, in a word.
        foreign: Says which of the names in the folder are of something else.

    Raises:
        UsageError: If it holds something else.
        StorageError: If it cannot be made.
    """
    make_folder(out, f"the {kind}'s folder")
    with storage_errors("the folder cannot be read", received=out, fix="Name another"):
        names = {path.name for path in out.iterdir()}
    if others := sorted(foreign(names)):
        raise UsageError(
            f"the folder holds other things than a {kind}", received=f"{out} with {others[0]}", fix="Name another with --out"
        )
    return out
