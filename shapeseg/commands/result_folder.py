"""The folder of a result: made, or taken when it holds an earlier result of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from shapeseg.errors import UsageError, storage_errors


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
    with storage_errors(f"the {kind}'s folder cannot be made", received=out):
        out.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in out.iterdir()}
    if others := sorted(foreign(names)):
        raise UsageError(
            f"the folder holds other things than a {kind}", received=f"{out} with {others[0]}", fix="Name another with --out"
        )
    return out
