"""What a person sees of a command at work: progress bars and warnings, on stderr, so that stdout holds results only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm

Progress = Callable[[int], object]
"""Called with the number of units done since the last call."""


def no_progress(_count: int) -> None:
    """Reports to nobody."""


@contextlib.contextmanager
def progress_bar(what: str, total: int, unit: str) -> Iterator[Progress]:
    """Shows a bar while the block runs, where somebody watches; yields the function that moves it on by a number of units."""
    with tqdm(total=total, desc=what, unit=f" {unit}s", disable=None, dynamic_ncols=True) as bar:
        yield bar.update


def say(kind: str, line: str) -> None:
    """Writes ``KIND: LINE`` to stderr, as one line that any terminal can show; where nobody reads it, the exit code stands."""
    text = f"{kind}: {' '.join(line.split())}\n"
    encoding = sys.stderr.encoding or "ascii"
    with contextlib.suppress(OSError):
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
