"""Pixel counts and the scores made of them: the definition of record, in NumPy. An undefined score is None, never 0 or 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Counts(NamedTuple):
    """Pixels of the rectangle class.

    Attributes:
        both: In truth and prediction (true positives).
        missed: In the truth only (false negatives).
        invented: In the prediction only (false positives).
    """

    both: int
    missed: int
    invented: int

    @property
    def iou(self) -> float | None:
        """Intersection over union."""
        return ratio(self.both, self.both + self.missed + self.invented)

    @property
    def dice(self) -> float | None:
        """Dice coefficient, which is the F1 score of pixels."""
        return ratio(2 * self.both, 2 * self.both + self.missed + self.invented)

    @property
    def precision(self) -> float | None:
        """Share of the predicted pixels that are right."""
        return ratio(self.both, self.both + self.invented)

    @property
    def recall(self) -> float | None:
        """Share of the true pixels that are found."""
        return ratio(self.both, self.both + self.missed)


def count(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Counts:
    """Counts one image. Both are bool (H, W), True on rectangle.

    Raises:
        ValueError: If the shapes differ.
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"truth and prediction must have one shape. Received: {truth.shape} and {predicted.shape}.")
    both = int(np.count_nonzero(truth & predicted))
    return Counts(both, int(np.count_nonzero(truth)) - both, int(np.count_nonzero(predicted)) - both)


def pooled(counts: Iterable[Counts]) -> Counts:
    """Adds up the counts of many images."""
    return Counts(*(sum(column) for column in zip(Counts(0, 0, 0), *counts, strict=True)))


def ratio(part: float, whole: float) -> float | None:
    """Returns ``part / whole``, None when there is nothing to divide by."""
    return part / whole if whole else None
