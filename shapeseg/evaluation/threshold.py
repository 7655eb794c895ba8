"""The threshold from which a probability counts as rectangle, chosen on the val split."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

CANDIDATES = tuple(step / 20 for step in range(1, 20))


def best_threshold(batches: Iterable[tuple[NDArray[np.bool_], NDArray[np.float32]]]) -> float:
    """Returns the candidate (0.05, 0.10 ... 0.95) with the highest pooled IoU; of equals, the one nearest 0.5.

    Args:
        batches: Targets, bool (B, H, W), and probabilities, float32 (B, H, W).
    """
    # One histogram a class holds all that any threshold needs: bin k counts probabilities in [candidate k - 1, candidate k).
    edges = np.array(CANDIDATES, np.float32)
    histograms = np.zeros((2, len(edges) + 1), np.int64)
    for truth, probability in batches:
        bins = np.searchsorted(edges, probability, side="right")
        histograms += [np.bincount(bins[truth == label], minlength=len(edges) + 1) for label in (False, True)]
    invented, found = (histogram[::-1].cumsum()[::-1][1:] for histogram in histograms)
    ious = found / np.maximum(histograms[1].sum() + invented, 1)
    return min(CANDIDATES, key=lambda candidate: (-ious[CANDIDATES.index(candidate)], abs(candidate - 0.5)))
