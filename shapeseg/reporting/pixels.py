"""Pixels as colours: what a prediction got right and wrong, what no image decides, and what was found in a photograph."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.reporting.style import INK, INVENTED, MISSED, PAPER, RIGHT, UNKNOWABLE, shade

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

HATCHES = 28
"""Lines of a hatch along the longer side of an image."""
FAINT = 0.15
"""How strong an image is behind what cannot be known; its ground is a grey, so that a probability of 0 stands out."""
_GROUND = 246
_LINES = 400  # an outline is as wide as a line of an image of so many lines


def ambiguous_pixels(exact: NDArray[np.float64]) -> Mask:
    """Returns where the image does not determine the label, bool (H, W), of its exact probabilities; NaN is not searched."""
    return np.asarray((exact != 0) & (exact != 1))


def error_map(truth: Mask, predicted: Mask, ambiguous: Mask | None = None) -> Pixels:
    """Returns uint8 (H, W, 3): right pixels grey, missed orange, invented violet, all else white; ambiguous ones are hatched.

    A hatch has the colour of what its pixels count as, a dark grey where they count as nothing.
    """
    picture = np.full((*truth.shape, 3), PAPER, np.uint8)
    for mask, color in ((truth & predicted, RIGHT), (truth & ~predicted, MISSED), (predicted & ~truth, INVENTED)):
        picture[mask] = color
    if ambiguous is not None and ambiguous.any():
        lines = hatch(*truth.shape)
        picture[ambiguous & lines & ~truth & ~predicted] = UNKNOWABLE
        picture[ambiguous & lines & truth & predicted] = UNKNOWABLE
        picture[ambiguous & ~lines] = PAPER
    return picture


def hatch(height: int, width: int) -> Mask:
    """Returns slanted lines, bool (H, W), as far apart as the image is large."""
    period = max(4, round(max(height, width) / HATCHES))
    slant = np.add.outer(np.arange(height), np.arange(width)) % period
    return np.asarray(slant < max(2, round(period / 3)))


def unknowable_map(image: Pixels, exact: NDArray[np.float64]) -> Pixels:
    """Shows the exact probability of ambiguous pixels, outlined; all else is pale and grey. White ones are beyond the search.

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        exact: float64 (H, W), as ``Truth.rectangle_probability``.
    """
    ambiguous = ambiguous_pixels(exact)
    picture = _pale(image, round(_GROUND * (1 - FAINT)), round(_GROUND * (1 - FAINT) + 255 * FAINT))
    picture[_around(ambiguous, 1)] = INK
    picture[ambiguous] = shade(exact[ambiguous])
    return picture


def overlay(image: Pixels, mask: Mask) -> Pixels:
    """Shows what was found in its own colours, outlined in black; all else turns grey and pale.

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        mask: bool (H, W).

    Returns:
        uint8 (H, W, 3), RGB. The outline lies outside of what was found.
    """
    picture = _pale(image, 165, 245)
    picture[_around(mask, max(1, round(min(mask.shape) / _LINES)))] = 0
    picture[mask] = image[mask]
    return picture


def _pale(image: Pixels, darkest: int, palest: int) -> Pixels:
    grey = cv2.convertScaleAbs(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), alpha=(palest - darkest) / 255, beta=darkest)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _around(mask: Mask, thickness: int) -> Mask:
    """Returns a mask with all that is no farther from it than ``thickness`` pixels."""
    kernel = np.ones((2 * thickness + 1, 2 * thickness + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) != 0)
