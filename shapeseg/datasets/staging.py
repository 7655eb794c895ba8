"""A folder that is filled beside its target and takes its place when it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shapeseg import files
from shapeseg.datasets.lock import LOCK, writer_lock
from shapeseg.errors import UsageError, storage_errors


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
