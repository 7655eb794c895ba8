"""A prediction over its image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_PALEST, _DARKEST = 245, 165  # of what was not found
_LINES = 400  # an outline is as wide as a line of an image of so many lines


def overlay(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Shows what was found in its own colours, outlined in black; all else turns grey and pale.

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        mask: bool (H, W).

    Returns:
        uint8 (H, W, 3), RGB. The outline lies outside of what was found.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    pale = cv2.convertScaleAbs(grey, alpha=(_PALEST - _DARKEST) / 255, beta=_DARKEST)
    picture = cv2.cvtColor(pale, cv2.COLOR_GRAY2RGB)
    thickness = max(1, round(min(mask.shape) / _LINES))
    found = mask.astype(np.uint8)
    around = cv2.dilate(found, np.ones((2 * thickness + 1, 2 * thickness + 1), np.uint8))
    picture[around != 0] = 0
    picture[mask] = image[mask]
    return picture
