"""Stored images as a training draws them: scaled once, kept in memory where they fit, and often enough to fill an epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import ExampleSource
from shapeseg.datasets.sizes import Sizes
from shapeseg.scenes import SceneSettings

Pixels = NDArray[np.uint8]

_MEMORY = 256 * 2**20  # bytes of images that are kept; others are read again in every epoch


class Scaled:
    """Images without recipes, scaled, and repeated until there are so many.

    Args:
        source: Source of the images.
        sizes: What scales them.
        examples: How many there shall be at least: the images in turn, each time under another index, so that each is cut and
            augmented anew.
    """

    rule = None

    def __init__(self, source: ExampleSource, sizes: Sizes, examples: int = 0) -> None:
        self._source = source
        self._sizes = sizes
        self._length = max(len(source), examples)
        self._kept: dict[int, tuple[Pixels, Pixels]] = {}
        self._free = _MEMORY

    def __len__(self) -> int:
        return self._length

    @property
    def settings(self) -> SceneSettings:
        """As of its source."""
        return self._source.settings

    def index_of(self, place: int, _epoch: int) -> int:
        """Its own number, which no other repetition has."""
        return place

    def scene_of(self, _place: int, _epoch: int) -> None:
        """Nobody knows any."""

    def stored(self, place: int) -> tuple[Pixels, Pixels]:
        """Returns an image and its label map, scaled."""
        image = place % len(self._source)
        found = self._kept.get(image)
        if found is None:
            pixels, labels = self._source.stored(image)
            found = self._sizes.scaled(pixels), self._sizes.scaled_labels(labels)
            needed = sum(each.nbytes for each in found)
            if needed <= self._free:
                self._kept[image] = found
                self._free -= needed
        return found
