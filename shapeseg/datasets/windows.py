"""Images too large to be seen at once: overlapping windows, in which every pixel counts once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.labels import IGNORED

if TYPE_CHECKING:
    from shapeseg.datasets.examples import ExampleSource
    from shapeseg.scenes import SceneSettings

Pixels = NDArray[np.uint8]

MAX_PIXELS = 1024 * 1024  # seen at once: of one window, or of a batch
WINDOW = 1024  # height and width of a window
_MARGIN = 64  # pixels, about what the default network sees around one


class Span(NamedTuple):
    """A window along one axis, half-open: ``first`` to ``last`` is seen, ``keep_first`` to ``keep_last`` counts."""

    first: int
    last: int
    keep_first: int
    keep_last: int


def spans(length: int, *, margin: int, side: int) -> Iterator[Span]:
    """Cuts an axis into windows of ``side`` whose kept parts cover it once, ``margin`` away from every cut.

    >>> [tuple(span) for span in spans(20, margin=2, side=10)]
    [(0, 10, 0, 8), (6, 16, 8, 14), (12, 20, 14, 20)]
    """
    keep = 0
    while keep < length:
        first = max(0, keep - margin)
        last = min(length, first + side)
        end = length if last == length else last - margin
        yield Span(first, last, keep, end)
        keep = end


class Windows:
    """Stored images as examples to validate on, those that are too large window by window; around each window's part, ignored.

    Args:
        source: Source of images without recipes.
        sizes: Height and width of each of its images.
    """

    rule = None

    def __init__(self, source: ExampleSource, sizes: list[tuple[int, int]]) -> None:
        self._source = source
        self._windows = [(place, *window) for place, size in enumerate(sizes) for window in _windows(*size)]
        self._opened = lru_cache(maxsize=1)(source.stored)  # the windows of an image follow one another

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def settings(self) -> SceneSettings:
        """As of its source."""
        return self._source.settings

    @property
    def largest(self) -> int:
        """Pixels of the largest window."""
        return max((down.last - down.first) * (across.last - across.first) for _, down, across in self._windows)

    def index_of(self, place: int, _epoch: int) -> int:
        """Its own number."""
        return place

    def scene_of(self, _place: int, _epoch: int) -> None:
        """Nobody knows any."""

    def stored(self, place: int) -> tuple[Pixels, Pixels]:
        """Returns a window of an image, and its label map."""
        image, down, across = self._windows[place]
        pixels, labels = (each[down.first : down.last, across.first : across.last] for each in self._opened(image))
        kept = np.full_like(labels, IGNORED)
        part = (
            slice(down.keep_first - down.first, down.keep_last - down.first),
            slice(across.keep_first - across.first, across.keep_last - across.first),
        )
        kept[part] = labels[part]
        return pixels, kept


def _windows(height: int, width: int) -> Iterator[tuple[Span, Span]]:
    if height * width <= MAX_PIXELS:
        yield Span(0, height, 0, height), Span(0, width, 0, width)
        return
    for down in spans(height, margin=_MARGIN, side=WINDOW):
        for across in spans(width, margin=_MARGIN, side=WINDOW):
            yield down, across
