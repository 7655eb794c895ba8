"""Folders to write: held by one writer, filled next to their target, or taken over from an earlier result of ours."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shapeseg import files
from shapeseg.errors import BusyError, InputError, UsageError, storage_errors
from shapeseg.incoming import read_file
from shapeseg.temporaries import folder_identity, leftovers, make_temporary_folder, remove_left_files
from shapeseg.terminal import say

LOCK = ".lock"
_HOLDER = b"process "  # what a lock of ours begins with
_LONGEST_HOLDER = 500  # bytes


def make_folder(folder: Path, what: str = "the folder") -> Path:
    """Makes a folder and its parents, where they are not there yet, and returns it.

    Raises:
        StorageError: If it cannot be made: ``WHAT cannot be made``.
    """
    with storage_errors(f"{what} cannot be created", received=folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def real_path(path: Path) -> Path:
    """Returns where a path named by the user leads, links followed: from there on none is followed."""
    return Path(os.path.realpath(path))


def whole_path(path: Path) -> Path:
    """Returns a path from the root and without ``..``, so that its last part is a name; links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (resolve follows links)


@contextmanager
def writer_lock(folder: Path) -> Iterator[int]:
    """Holds the lock of ``folder`` while the block runs; readers never ask for it. What killed writers left goes first.

    The lock file goes when the block ends well. One that stays marks a folder that was not finished.

    Yields:
        Its descriptor; a process that inherits it holds the lock, too, until it ends.

    Raises:
        BusyError: If another process holds it.
        InputError: If the lock file is a link, or somebody else's.
    """
    descriptor = _take_lock(folder)
    try:
        remove_left_files(folder)
        yield descriptor
        (folder / LOCK).unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _take_lock(folder: Path) -> int:
    """Opens and locks the lock file; once more when its last holder has removed it meanwhile."""
    path = folder / LOCK
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise InputError("the lock file is a link", received=path, fix="Remove the link") from error
            raise
        try:
            _lock(descriptor, folder)
            if _is_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    content = os.pread(descriptor, _LONGEST_HOLDER, 0) if regular else b""
    if not regular or (content and not content.startswith(_HOLDER)):
        raise InputError("the lock file is not shapeseg's", received=folder / LOCK, fix="Move it away")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = content.decode(errors="replace").strip() or "another process"
        raise BusyError(
            "another command is writing here", received=f"{folder}, locked by {holder}", fix="Try later"
        ) from error
    with suppress(OSError):  # who holds it is a courtesy; a full disk is told by what must be written
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _HOLDER + f"{os.getpid()} on {socket.gethostname()}{_mark(folder)}\n".encode(), 0)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _mark(folder: Path) -> str:
    return f", folder {folder_identity(folder)}"


def is_unfinished(folder: Path) -> bool:
    """Whether a command of ours began to write into this very folder, and did not end."""
    try:
        content = read_file(folder / LOCK, most=_LONGEST_HOLDER)
    except (OSError, InputError):
        return False
    return content.startswith(_HOLDER) and content.decode(errors="replace").rstrip().endswith(_mark(folder))


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Yields an empty folder next to ``out``; when the block ends well it is synced and becomes ``out``, else it is removed.

    What a killed writer left there is removed first; what only looks like it is named.

    Raises:
        UsageError: If ``out`` holds anything.
        StorageError: If the folder cannot be made.
        BusyError: If another process is filling it.
    """
    refuse_existing(out)
    out = real_path(out)
    make_folder(out.parent)
    _remove_leftovers(out)
    with storage_errors("the folder cannot be created", received=out):
        staging = make_temporary_folder(out)
    try:
        with writer_lock(staging):
            yield staging
            files.sync_all()
            refuse_existing(out)
            (staging / LOCK).unlink()
            files.rename_folder(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _remove_leftovers(out: Path) -> None:
    for path, ours in leftovers(out.parent, out.name):
        if ours and path.is_dir():
            with writer_lock(path):  # its writer may live
                shutil.rmtree(path)
        else:
            say("warning", f"{path} was not made by shapeseg, or is a copy, and stays as it is")


def refuse_existing(out: Path) -> None:
    """Raises an error when ``out`` is anything but free (an empty folder is free)."""
    if real_path(out) == Path.cwd():  # it would be replaced below the feet of the shell
        raise UsageError("the current folder cannot be replaced", received=out, fix="Name a folder in it")
    with storage_errors("the folder cannot be read", received=out, fix="Name another"):
        free = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not free:
        raise UsageError("the folder is in use and is never overwritten", received=out, fix="Name another, or remove it first")


@contextmanager
def result_folder(out: Path, kind: str, is_result: Callable[[Path], bool]) -> Iterator[int]:
    """Holds a folder for a result: a new one, an empty one, or one with an earlier result of the same kind.

    Args:
        out: The folder; it is made.
        kind: Kind of the result, in a word.
        is_result: Whether a folder that holds something holds such a result.

    Yields:
        The descriptor of its lock; see :func:`writer_lock`.

    Raises:
        UsageError: If it holds something else.
        StorageError: If it cannot be made.
        BusyError: If another process writes there.
    """
    make_folder(out, f"the {kind}'s folder")
    with storage_errors("the folder cannot be read", received=out, fix="Name another"):
        names = sorted(path.name for path in out.iterdir())
    if names and not is_unfinished(out) and not is_result(out):
        raise UsageError(
            f"the folder holds something other than a {kind}", received=f"{out} with {names[0]}", fix="Name another with --out"
        )
    with writer_lock(out) as lock:
        yield lock


def refuse_links(folder: Path, names: Iterable[str]) -> None:
    """Raises an InputError unless each of these folders in ``folder`` is missing or a folder itself: none is written through.

    Raises:
        InputError: If one is a link, or no folder.
    """
    for name in names:
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise InputError("nothing is written through a link", received=path, fix="Put the folder itself in its place")
