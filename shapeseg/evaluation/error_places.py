"""Where the wrong pixels lie: at the outer border of rectangles, where shapes meet, on ambiguous pixels, or elsewhere."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Example
from shapeseg.scenes import Truth
from shapeseg.scenes.instance import bounding_box

Mask = NDArray[np.bool_]

PLACES = ("outer border", "occlusion contour", "ambiguous", "elsewhere")

_REACH = 2  # pixels
_WINDOW = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)


def error_places(example: Example, predicted: Mask) -> dict[str, int] | None:
    """Counts the wrong pixels of one image by where they lie; None where no recipe is known.

    Each wrong pixel is in the first of these places that fits it. Its window is the 5 x 5 pixels around it.

    - ambiguous: the image does not determine its label.
    - occlusion contour: its window holds a visible pixel of a target and a visible pixel of another shape.
    - outer border: its window holds a pixel of what must be found and a pixel that must not.
    - elsewhere: all others.
    """
    if example.truth is None:
        return None
    wrong = example.target != predicted
    box = bounding_box(wrong)
    counts = dict.fromkeys(PLACES, 0)
    if box is None:
        return counts
    x, y, w, h = box
    top, left = max(y - _REACH, 0), max(x - _REACH, 0)
    around = np.s_[top : y + h + _REACH, left : x + w + _REACH]
    wrong = wrong[around]
    left_over = wrong & ~example.ambiguous[around]
    contour = left_over & _shapes_meet(example.truth, around)
    target = example.target[around].view(np.uint8)
    border = left_over & ~contour & (cv2.dilate(target, _WINDOW) != cv2.erode(target, _WINDOW))
    counts["ambiguous"] = int(np.count_nonzero(wrong) - np.count_nonzero(left_over))
    counts["occlusion contour"] = int(np.count_nonzero(contour))
    counts["outer border"] = int(np.count_nonzero(border))
    counts["elsewhere"] = int(np.count_nonzero(left_over)) - counts["occlusion contour"] - counts["outer border"]
    return counts


def _shapes_meet(truth: Truth, around: tuple[slice, slice]) -> Mask:
    """Returns where the window holds a visible pixel of a target and one of another shape, target or not."""
    numbers = truth.instance_map[around]
    is_target = np.array([False, *map(truth.scene.is_target, truth.scene.instances)])
    highest = cv2.dilate(numbers, _WINDOW)
    lowest = cv2.erode(np.where(numbers == 0, np.uint8(255), numbers), _WINDOW)  # of shapes: 255 is the background here
    any_target = cv2.dilate(is_target[numbers].view(np.uint8), _WINDOW) != 0
    return any_target & (lowest < highest)
