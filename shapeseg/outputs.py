"""Single files that a command writes: one that shapeseg did not write is never overwritten."""

from __future__ import annotations

from pathlib import Path

from shapeseg.errors import InputError, UsageError
from shapeseg.incoming import read_file

_MARK = b"shapeseg"
_START = 2000  # bytes in which our files name their maker


def refuse_foreign(path: Path) -> None:
    """Raises a UsageError when there is anything at ``path`` but a regular file that names shapeseg at its start."""
    try:
        ours = _MARK in read_file(path, most=_START, start=_START)
    except (FileNotFoundError, NotADirectoryError):
        return
    except InputError:  # a link, a folder, a pipe
        ours = False
    if not ours:
        raise UsageError(
            "a file that shapeseg did not write is in the way", received=path, fix="Name another --out, or remove it"
        )
