"""The threshold from which a probability counts as rectangle, chosen on the val split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.counts import Counts
from shapeseg.evaluation.prediction import Predicted

CANDIDATES = tuple(step / 20 for step in range(1, 20))

_AT_ONCE = 2**20  # pixels; of a photograph all at once would take ten times its memory
_EDGES = np.array(CANDIDATES, np.float32)


def histograms(truth: NDArray[np.bool_], probability: NDArray[np.float32]) -> NDArray[np.int64]:
    """Counts pixels between the candidates, which is all that any of them needs; sums of histograms are those of many images.

    Args:
        truth: bool, any shape.
        probability: float32, the same shape.

    Returns:
        int64 (2, 20): of background and of rectangle, bin k counts probabilities in [candidate k - 1, candidate k).
    """
    labels, values = truth.ravel(), probability.ravel()
    found = np.zeros((2, len(CANDIDATES) + 1), np.int64)
    for start in range(0, values.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        bins = 2 * np.searchsorted(_EDGES, values[part], side="right") + labels[part]
        found += np.bincount(bins, minlength=found.size).reshape(-1, 2).T
    return found


def histograms_of(predicted: Predicted, *, decidable: bool = False) -> NDArray[np.int64]:
    """Counts the pixels of a plain prediction as :func:`histograms` does, all or the decidable ones.

    Ignored ones are no target, and have probability 0, which no score counts.
    """
    example, probability = predicted.example, predicted.plain
    if example.ignored is not None:
        probability = np.where(example.ignored, np.float32(0), probability)
    if decidable and example.ambiguous.any():
        return histograms(example.target[~example.ambiguous], probability[~example.ambiguous])
    return histograms(example.target, probability)


def best_candidate(found: NDArray[np.int64]) -> float:
    """Returns the candidate (0.05, 0.10 ... 0.95) with the highest pooled IoU; of equals, the one nearest 0.5.

    Args:
        found: As of :func:`histograms`.
    """
    invented, both = (_above(histogram) for histogram in found)
    ious = both / np.maximum(found[1].sum() + invented, 1)
    return min(CANDIDATES, key=lambda candidate: (-ious[CANDIDATES.index(candidate)], abs(candidate - 0.5)))


def counts_at(found: NDArray[np.int64], candidate: float) -> Counts:
    """Returns the pixel counts that :func:`histograms` hold for one of the candidates as threshold."""
    invented, both = (int(_above(histogram)[CANDIDATES.index(candidate)]) for histogram in found)
    return Counts(both, int(found[1].sum()) - both, invented)


def _above(histogram: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns int64 (19,): how many pixels have each candidate or more."""
    return histogram[::-1].cumsum()[::-1][1:]
