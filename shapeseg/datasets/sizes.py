"""Sizes: how images of any size become what a network takes, the same way in training, evaluation and prediction.

``resize`` scales an image so that its longer side has so many pixels, and a prediction back to the image's own size. Training
may ``crop``: it sees square patches, at random places. What is missing of a patch, or of the largest image of a batch, repeats
the image's edge and is ignored by loss and scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.streams import Stream, below, words
from shapeseg.settings import check_range

Pixels = NDArray[np.uint8]
Taught = NDArray[Any]
"""What is taught of each pixel: (H, W, C)."""

WHOLE, PATCH, LARGE = 320, 256, 1024  # sides: of images that are shown whole, of patches, and of what is scaled

BATCH_PIXELS = 16 * 224 * 224
"""Of images that are predicted together. Measured: larger batches of the reference model are slower, and smaller ones too."""

_ZOOMS = (0.8, 1.25)  # of the scale augmentation: uniform in its logarithm
_FINE = 2**20


@dataclass(frozen=True)
class Sizes:
    """What is done to the size of an image.

    Attributes:
        resize: Pixels of its longer side, once it is scaled; None leaves it.
        crop: Height and width of the patches that training sees; None shows it whole.
        stride: What height and width of a batch are multiples of.
    """

    resize: int | None = None
    crop: int | None = None
    stride: int = 1

    def __post_init__(self) -> None:
        for name in ("resize", "crop"):
            check_range(name, getattr(self, name), least=16, most=4096, fix="Try 256")

    def scaled_size(self, height: int, width: int) -> tuple[int, int]:
        """Returns height and width of an image once it is scaled.

        >>> Sizes(resize=240).scaled_size(320, 480), Sizes().scaled_size(320, 480)
        ((160, 240), (320, 480))
        """
        if self.resize is None:
            return height, width
        longer = max(height, width)
        return max(1, round(height * self.resize / longer)), max(1, round(width * self.resize / longer))

    def scaled(self, image: Pixels) -> Pixels:
        """Returns an image, (H, W, 3), scaled: each pixel is the mean of those that it stands for."""
        return _resampled(image, *self.scaled_size(*image.shape[:2]))

    def scaled_labels(self, labels: Taught) -> Taught:
        """Returns labels, (H, W) or (H, W, C), scaled as their image is: each pixel is that at its centre."""
        return _nearest(labels, *self.scaled_size(*labels.shape[:2]))

    def restored(self, probabilities: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
        """Returns what was predicted for a scaled image, float32 (h, w), at the image's own size, (height, width)."""
        if probabilities.shape == (height, width):
            return probabilities
        return cv2.resize(probabilities, (width, height), interpolation=cv2.INTER_LINEAR)

    def patch(
        self, image: Pixels, taught: Taught, ignored: Sequence[float], *, seed: int, epoch: int, index: int, zoom: bool
    ) -> tuple[Pixels, Taught]:
        """Cuts a patch out of an image, or all of it where nothing is cropped, by (seed, epoch, index).

        Args:
            image: uint8 (H, W, 3).
            taught: (H, W, C), of any type.
            ignored: C values of a pixel that is not there.
            seed: Seed of the training run.
            epoch: 0 or more.
            index: The example's own number.
            zoom: Show it up to a quarter larger or smaller; of equal size, it is shown whole.
        """
        random = words(seed, Stream.CROP, index, 3, attempt=epoch)
        out = (self.crop, self.crop) if self.crop else image.shape[:2]
        factor = _zoom(random[0]) if zoom else 1.0
        sides = [max(1, round(side / factor)) for side in out]
        starts = [_start(word, own, side) for word, own, side in zip(random[1:], image.shape, sides, strict=False)]
        image, taught = window(image, taught, ignored, starts, sides)
        if tuple(sides) == tuple(out):
            return image, taught
        return _resampled(image, *out), _nearest(taught, *out)

    def joined(self, images: Sequence[Pixels], taught: Sequence[Taught], ignored: Sequence[float]) -> tuple[Pixels, Taught]:
        """Joins examples to a batch, as large as the largest, and multiples of the stride."""
        sides = [max(image.shape[axis] for image in images) for axis in (0, 1)]
        sides = [side + -side % self.stride for side in sides]
        pairs = [window(*pair, ignored, (0, 0), sides) for pair in zip(images, taught, strict=True)]
        return np.stack([image for image, _ in pairs]), np.stack([each for _, each in pairs])


def usual_sizes(images: Sequence[tuple[int, int]]) -> Sizes:
    """Returns what is usual for images of these heights and widths.

    Small ones are shown whole, others in patches; photographs so large that a patch of them shows little are scaled first.
    """
    longer = sorted(max(size) for size in images)
    if longer[-1] <= WHOLE:
        return Sizes()
    return Sizes(LARGE if longer[len(longer) // 2] > LARGE else None, PATCH)


def at_most(side: int, pixels: NDArray[Any]) -> NDArray[Any]:
    """Returns an image, uint8 (H, W, 3), or a mask, bool or uint8 (H, W), no longer than so many pixels, to be shown."""
    height, width = pixels.shape[:2]
    if max(height, width) <= side:
        return pixels
    sizes = Sizes(resize=side)
    return sizes.scaled(pixels) if pixels.ndim == 3 else sizes.scaled_labels(pixels)


def window(
    image: Pixels, taught: Taught, ignored: Sequence[float], starts: Sequence[int], sides: Sequence[int]
) -> tuple[Pixels, Taught]:
    """Returns the window of an image, (H, W, 3), that begins at ``starts``, which may be below 0, and has these sides."""
    ends = [start + side for start, side in zip(starts, sides, strict=True)]
    inside = tuple(slice(max(0, start), end) for start, end in zip(starts, ends, strict=True))
    missing = [(max(0, -start), max(0, end - own)) for start, end, own in zip(starts, ends, image.shape, strict=False)]
    image, taught = image[inside], taught[inside]
    if not any(map(any, missing)):
        return image, taught
    padded = np.empty((*sides, taught.shape[-1]), taught.dtype)
    padded[:] = ignored
    (top, _), (left, _) = missing
    padded[top : top + taught.shape[0], left : left + taught.shape[1]] = taught
    return np.pad(image, (*missing, (0, 0)), mode="edge"), padded


def _start(word: int, own: int, side: int) -> int:
    """Returns where a window of ``side`` begins: wholly inside an axis that is as long, wholly around a shorter one."""
    return min(0, own - side) + below(word, abs(own - side) + 1)


def _zoom(word: int) -> float:
    """Returns how much larger a patch is shown."""
    low, high = _ZOOMS
    return float(low * (high / low) ** (below(word, _FINE + 1) / _FINE))


def _resampled(image: Pixels, height: int, width: int) -> Pixels:
    if image.shape[:2] == (height, width):
        return image
    smaller = height * width < image.shape[0] * image.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=how)


def _nearest(values: Taught, height: int, width: int) -> Taught:
    """Returns values, (H, W) or (H, W, C), of another size: those at the centres of the new pixels."""
    if values.shape[:2] == (height, width):
        return values
    rows, columns = (
        np.minimum((np.arange(new) * 2 + 1) * old // (2 * new), old - 1)
        for new, old in zip((height, width), values.shape, strict=False)
    )
    return values[rows[:, None], columns]
