"""Augmentation: what a shape is does not change when its image is mirrored, turned, or painted in other colours.

The transform of a sample is a pure function of (seed, epoch, index).
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.streams import Stream, below, words

Pixels = NDArray[np.uint8]

_CHANNEL_ORDERS = tuple(permutations(range(3)))


def augment(image: Pixels, mask: Pixels, *, seed: int, epoch: int, index: int) -> tuple[Pixels, Pixels]:
    """Returns image and mask, mirrored or turned alike (8 ways), the image's colour channels permuted (6 ways).

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        mask: uint8 (H, W).
        seed: Of the training run.
        epoch: 0 or more.
        index: The sample's index.

    Returns:
        Image and mask of the same shapes. Images that are not square are mirrored only.
    """
    turn, channels = words(seed, Stream.AUGMENTATION, index, 2, attempt=epoch)
    turn = below(turn, 8)
    image = image[..., _CHANNEL_ORDERS[below(channels, 6)]]
    return _turn(image, turn), _turn(mask, turn)


def _turn(pixels: Pixels, turn: int) -> Pixels:
    if turn & 1:
        pixels = pixels[::-1]
    if turn & 2:
        pixels = pixels[:, ::-1]
    if turn & 4 and pixels.shape[0] == pixels.shape[1]:
        pixels = pixels.swapaxes(0, 1)
    return pixels
