"""Tiny predicted pieces, which a prediction may be rid of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.panoptic import pieces


def without_small(predicted: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Returns a prediction, bool (H, W), without its connected pieces of fewer than ``least`` pixels.

    Pixels that touch by an edge belong together.
    """
    numbers = pieces(predicted)
    large = np.bincount(numbers.ravel()) >= least
    return predicted & large[numbers]
