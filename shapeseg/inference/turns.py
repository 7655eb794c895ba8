"""Test-time augmentation: a prediction should not depend on how the image is mirrored or turned, so average over that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

TURNS = 8  # of a square: mirrored or not, top to bottom and left to right, rows and columns exchanged or not


def turned(pixels: NDArray[Any], turn: int) -> NDArray[Any]:
    """Returns pixels (B, H, W, ...) turned in one of eight ways; 0 leaves them, 4 to 7 exchange height and width."""
    if turn & 1:
        pixels = pixels[:, ::-1]
    if turn & 2:
        pixels = pixels[:, :, ::-1]
    return pixels.swapaxes(1, 2) if turn & 4 else pixels


def turned_back(pixels: NDArray[Any], turn: int) -> NDArray[Any]:
    """Undoes :func:`turned`."""
    return turned(pixels.swapaxes(1, 2) if turn & 4 else pixels, turn & 3)


def averaged(
    predict: Callable[[NDArray[np.uint8]], NDArray[np.float32]], images: NDArray[np.uint8], plain: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Returns the mean of the predictions for all eight turns, turned back: float32 (B, H, W).

    Args:
        predict: From uint8 (B, H, W, 3) to float32 (B, H, W).
        images: uint8 (B, H, W, 3).
        plain: What was predicted for the images as they are.
    """
    total = plain.copy()
    for turn in range(1, TURNS):
        total += turned_back(predict(turned(images, turn)), turn)
    return total / np.float32(TURNS)
