"""What the user sees of a running command: progress and warnings, on stderr, so that stdout holds results only."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

Progress = Callable[[int], object]
"""Called with the number of units done since the last call."""

HALF_A_MINUTE = 30.0  # seconds


def no_progress(_count: int) -> None:
    """Reports nothing."""


@contextlib.contextmanager
def progress_bar(what: str, total: int, unit: str) -> Iterator[Progress]:
    """Shows a bar while the block runs, or lines where no terminal is; yields what moves it on by a number of units."""
    if sys.stderr.isatty():
        from tqdm import tqdm  # which takes a while

        with tqdm(total=total, desc=what, unit=f" {unit}s", dynamic_ncols=True) as bar:
            yield bar.update
    else:
        with progress_lines(what, total, unit) as progress:
            yield progress


@contextlib.contextmanager
def progress_lines(what: str, total: int, unit: str) -> Iterator[Progress]:
    """Says every half minute how far the block is, however long one unit takes; yields what counts units that are done."""
    done, started, ended = 0, time.monotonic(), threading.Event()

    def count(units: int) -> None:
        nonlocal done
        done += units

    def tell() -> None:
        while not ended.wait(HALF_A_MINUTE):
            say(what, f"{done:,} of {total:,} {unit}s, {done / (time.monotonic() - started):.2g} a second")

    teller = threading.Thread(target=tell, daemon=True)  # else a second Ctrl-C would wait for it
    teller.start()
    try:
        yield count
    finally:
        ended.set()
        teller.join()


def say(kind: str, line: str) -> None:
    """Writes ``KIND: LINE`` to stderr, as one line that any terminal can show; if nothing reads it, the exit code remains."""
    text = f"{kind}: {' '.join(line.split())}\n"
    encoding = sys.stderr.encoding or "ascii"
    with contextlib.suppress(OSError):
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
