"""One look for every progress bar: on stderr, so that stdout holds results only, and silent where nobody watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def progress_bar(what: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """Shows a bar while the block runs; yields the function that moves it on by a number of units."""
    with tqdm(total=total, desc=what, unit=f" {unit}s", disable=None, dynamic_ncols=True) as bar:
        yield bar.update
