"""Boundary IoU (Cheng et al., 2021): the IoU of the bands along the borders of truth and prediction, inside of each."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.counts import Counts, count

Mask = NDArray[np.bool_]

_OFFICIAL_SHARE = 0.02  # of the image's diagonal


def official_width(height: int, width: int) -> int:
    """Returns the band width of the published measure for an image: 2 % of its diagonal, rounded, 1 pixel at least."""
    return max(1, round(_OFFICIAL_SHARE * math.hypot(height, width)))


def band(mask: Mask, width: int) -> Mask:
    """Returns the pixels of a mask, bool (H, W), that are within ``width`` pixels of its outside.

    Pixels next to each other, diagonally too, are one apart; beyond the image's edge is outside.
    """
    square = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    inner = cv2.erode(mask.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return mask ^ inner.view(np.bool_)


def boundary_counts(truth: Mask, predicted: Mask, width: int) -> Counts:
    """Counts the pixels of both bands; their IoU is the boundary IoU. Both masks are bool (H, W)."""
    return count(band(truth, width), band(predicted, width))
