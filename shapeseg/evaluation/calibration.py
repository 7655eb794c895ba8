"""Calibration: are pixels that get probability p rectangle in a share p of the cases?"""

from __future__ import annotations

from typing import TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.counts import ratio

PROBABILITY_BINS = 10
"""Bins of equal width; bin k holds probabilities from k / 10 to below (k + 1) / 10, the last one 1 too."""


class CalibrationBin(TypedDict):
    """The pixels whose probability is in one bin; mean probability and share of rectangle are None where there are none."""

    low: float
    high: float
    pixels: int
    confidence: float | None
    frequency: float | None


class Calibration(TypedDict):
    """The expected calibration error, None where there are no pixels, and the bins of the reliability curve."""

    expected_error: float | None
    pixels: int
    bins: list[CalibrationBin]


def reliability(probability: NDArray[np.float32], truth: NDArray[np.bool_ | np.float64]) -> NDArray[np.float64]:
    """Sums up pixels by the bin of their probability.

    Args:
        probability: As the model gives it.
        truth: Whether each pixel is rectangle, or its exact probability; of the same shape.

    Returns:
        float64 (3, PROBABILITY_BINS): pixels, sum of their probabilities, and how many of them are rectangle. Sums may be
            added up.
    """
    # Nearly all pixels are in the first bin: it is what the others leave, which saves sorting those pixels into bins.
    above = probability >= np.float32(1 / PROBABILITY_BINS)
    values, labels = probability[above], truth[above]
    # The bounds are rounded to float32 like the probabilities, so that 0.3 is in the bin that begins at 0.3.
    bins = np.searchsorted(_BOUNDS, values, side="right")
    sums = np.zeros((3, PROBABILITY_BINS))
    sums[0] = np.bincount(bins, minlength=PROBABILITY_BINS)
    sums[1] = np.bincount(bins, weights=values, minlength=PROBABILITY_BINS)
    sums[2] = np.bincount(bins, weights=labels, minlength=PROBABILITY_BINS)
    all_pixels = (probability.size, cv2.sumElems(probability.ravel())[0], truth.sum())
    sums[:, 0] = all_pixels - sums[:, 1:].sum(axis=1)
    return sums


def calibration(sums: NDArray[np.float64]) -> Calibration:
    """Returns the expected calibration error and the bins of the reliability curve, from the sums of :func:`reliability`.

    The error is the mean distance between probability and share of rectangle over the bins, weighed by their pixels.
    """
    total = float(sums[0].sum())
    distance = float(np.abs(sums[1] - sums[2]).sum())
    return {
        "expected_error": ratio(distance, total),
        "pixels": int(total),
        "bins": [
            {
                "low": place / PROBABILITY_BINS,
                "high": (place + 1) / PROBABILITY_BINS,
                "pixels": int(pixels),
                "confidence": ratio(probability, pixels),
                "frequency": ratio(rectangle, pixels),
            }
            for place, (pixels, probability, rectangle) in enumerate(sums.T.tolist())
        ],
    }


_BOUNDS = (np.arange(1, PROBABILITY_BINS) / PROBABILITY_BINS).astype(np.float32)
