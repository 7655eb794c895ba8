"""Honesty: how far the probabilities of a model are from the exact ones, where the image does not determine the label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Example
from shapeseg.evaluation.calibration import PROBABILITY_BINS, CalibrationBin, calibration, reliability
from shapeseg.evaluation.counts import ratio

_CLIP = 1e-7  # probabilities of a model, to this and 1 minus this: no pixel has an infinite cross-entropy


class AmbiguousScores(TypedDict):
    """Scores of the ambiguous pixels whose exact probability is known; None where there are none.

    ``log_loss`` is the mean cross-entropy of the model against the exact probabilities, in nats; ``log_loss_floor`` is that of
    the exact ones themselves. ``frequency`` of a bin is the mean exact probability of its pixels.
    """

    pixels: int
    log_loss: float | None
    log_loss_floor: float | None
    calibration_error: float | None
    mean_absolute_difference: float | None
    bins: list[CalibrationBin]


@dataclass
class AmbiguousPixels:
    """Sums over the ambiguous pixels of images, to which one is added after another."""

    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    """Sums of cross-entropies, of those of the exact probabilities, and of absolute differences."""
    reliability: NDArray[np.float64] = field(default_factory=lambda: np.zeros((3, PROBABILITY_BINS)))

    def add(self, example: Example, probability: NDArray[np.float32]) -> None:
        """Adds an image whose rule is known; pixels beyond the search and ignored ones are left out.

        Args:
            example: The image.
            probability: float32 (H, W), as the model gives it.
        """
        if example.truth is None:
            return
        exact = example.truth.rectangle_probability
        known = example.ambiguous & ~np.isnan(exact)
        q, given = exact[known], probability[known]
        p = np.clip(given.astype(np.float64), _CLIP, 1 - _CLIP)
        self.sums += [_cross_entropy(q, p).sum(), _cross_entropy(q, q).sum(), np.abs(given - q).sum()]
        self.reliability += reliability(given, q)

    def scores(self) -> AmbiguousScores:
        """Returns the scores so far."""
        found = calibration(self.reliability)
        log_loss, floor, difference = (ratio(part, found["pixels"]) for part in self.sums.tolist())
        return {
            "pixels": found["pixels"],
            "log_loss": log_loss,
            "log_loss_floor": floor,
            "calibration_error": found["expected_error"],
            "mean_absolute_difference": difference,
            "bins": found["bins"],
        }


def _cross_entropy(q: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-q * np.log(p) - (1 - q) * np.log1p(-p))
