"""Pixel counts and the scores made of them: the definition of record, in NumPy. An undefined score is None, never 0 or 1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

_WORST_SHARE = 0.05


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
    def wrong(self) -> int:
        """Missed and invented ones."""
        return self.missed + self.invented

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


class PooledScores(TypedDict):
    """Scores of the pixels of a set of images together; None is undefined."""

    iou: float | None
    dice: float | None
    precision: float | None
    recall: float | None


class Summary(PooledScores):
    """Pooled scores of a set of images, and its IoU per image."""

    images: int
    iou_per_image_mean: float | None
    iou_per_image_median: float | None
    iou_per_image_worst5: float | None
    iou_per_image_undefined: int


def pooled_scores(counts: Counts) -> PooledScores:
    """Returns the scores of counts, pooled already."""
    return {"iou": counts.iou, "dice": counts.dice, "precision": counts.precision, "recall": counts.recall}


def summarise(per_image: Sequence[Counts]) -> Summary:
    """Returns pooled scores, and the IoU per image as mean, median and mean of the worst 5 % (one image at least).

    Images whose IoU is undefined (no rectangle in truth or prediction) are left out of the per-image scores and counted in
    ``iou_per_image_undefined``; they do count in the pooled scores.
    """
    total = pooled(per_image)
    defined = sorted(counts.iou for counts in per_image if counts.iou is not None)
    worst = defined[: math.ceil(_WORST_SHARE * len(defined))]
    return {
        "images": len(per_image),
        **pooled_scores(total),
        "iou_per_image_mean": fmean(defined) if defined else None,
        "iou_per_image_median": median(defined) if defined else None,
        "iou_per_image_worst5": fmean(worst) if worst else None,
        "iou_per_image_undefined": len(per_image) - len(defined),
    }
