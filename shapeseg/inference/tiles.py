"""Images too large to predict at once: windows that overlap by what a pixel can see, so that no seam shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.windows import WINDOW, spans
from shapeseg.inference.predictor import Predictor, probabilities

_PROBE = 512  # side of the images that the reach is measured on
_PROBES = 4


def measure_reach(model: Predictor, *, stride: int) -> int | None:
    """Measures how far a pixel can be from another whose probability it changes.

    In noise, a block of ``stride`` pixels is replaced by other noise; the farthest probability that changes is the measure.

    Returns:
        Pixels, a multiple of ``stride``; None when the model looks at the whole image.
    """
    blocks = _PROBE // stride // 2 * 2 + 1  # odd, so that one is in the middle
    side = blocks * stride
    middle = slice(side // 2 - stride // 2, side // 2 - stride // 2 + stride)
    random = np.random.Generator(np.random.PCG64(0))
    farthest = 0
    for _ in range(_PROBES):
        pair = np.repeat(random.integers(0, 256, (1, side, side, 3), np.uint8), 2, axis=0)
        pair[1, middle, middle] ^= 255
        # One by one: within a batch, equal pixels of two images may be rounded differently.
        before, after = (probabilities(model, image[None], stride=stride)[0] for image in pair)
        moved = np.argwhere(before != after)
        if moved.size:
            farthest = max(farthest, int(middle.start - moved.min()), int(moved.max() - middle.stop + 1))
    reach = -(-farthest // stride) * stride
    return None if reach >= middle.start else reach


def probabilities_in_tiles(
    model: Predictor, image: NDArray[np.uint8], *, stride: int, margin: int, side: int = WINDOW
) -> NDArray[np.float32]:
    """Predicts one image window by window.

    Where ``margin`` is at least the model's reach, the result is that of the whole image at once, but for rounding.

    Args:
        model: As for :func:`probabilities`.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        stride: What the model needs height and width to be multiples of.
        margin: How many pixels around what is kept are predicted too; a multiple of ``stride``, below half of ``side``.
        side: Height and width of a window; a multiple of ``stride``.

    Returns:
        float32 (H, W), 0 to 1.
    """
    height, width = image.shape[:2]
    whole = np.empty((height, width), np.float32)
    for down in spans(height, margin=margin, side=side):
        for across in spans(width, margin=margin, side=side):
            window = image[None, down.first : down.last, across.first : across.last]
            given = probabilities(model, window, stride=stride)[0]
            whole[down.keep_first : down.keep_last, across.keep_first : across.keep_last] = given[
                down.keep_first - down.first : down.keep_last - down.first,
                across.keep_first - across.first : across.keep_last - across.first,
            ]
    return whole
