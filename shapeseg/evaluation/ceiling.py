"""The score ceiling: how well the best fixed guess can do where the image does not determine the label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes import Truth


class Ceiling:
    """The expected pooled rectangle IoU of the best fixed guess, over images gathered one by one.

    Each pixel has an exact probability p of being visible rectangle (:mod:`shapeseg.scenes.ambiguity`); pixels of which it is
    unknown are left out. A guess G has ``sum_G p`` expected right pixels, and ``sum p + sum_G (1 - p)`` expected pixels in the
    union; their ratio, which the IoU of a large set comes to, is largest for a guess of all pixels above some p. So how many
    pixels have which p is all that needs to be kept. Pixels of ignored instances are left out.
    """

    def __init__(self) -> None:
        self._pixels: dict[float, int] = {}

    def add(self, truth: Truth) -> None:
        """Adds one image."""
        areas = zip(truth.scene.instances, truth.visible_areas, strict=True)
        sure = sum(area for each, area in areas if truth.scene.is_target(each) and not each.ignored)
        if truth.ambiguous.any():  # elsewhere p is the label
            open_ = truth.ambiguous & ~truth.ignored
            probability = truth.rectangle_probability[open_]
            for value, pixels in zip(*np.unique(probability[~np.isnan(probability)], return_counts=True), strict=True):
                self._add(float(value), int(pixels))
            sure -= int(np.count_nonzero(truth.target()[open_]))
        self._add(1.0, sure)

    def _add(self, probability: float, pixels: int) -> None:
        self._pixels[probability] = self._pixels.get(probability, 0) + pixels

    def iou(self) -> float | None:
        """Returns the ceiling so far; None when no pixel can be rectangle."""
        p = np.array(sorted(self._pixels, reverse=True))
        return _best_ratio(p, np.array([self._pixels[value] for value in p.tolist()], np.float64))


def _best_ratio(p: NDArray[np.float64], pixels: NDArray[np.float64]) -> float | None:
    """Compares the guesses that take the first 1, 2 ... probabilities, which fall, each of so many pixels."""
    total = float(np.sum(p * pixels))
    if total == 0:
        return None
    right, taken = np.cumsum(p * pixels), np.cumsum(pixels)
    return float(np.max(right / (total + taken - right)))
