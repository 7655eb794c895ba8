"""What a model gave for a known scene when it was saved, so that anyone can check whether it still does."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from shapeseg.card_files import check_digest, digest
from shapeseg.scenes import SceneSettings, sample_scene
from shapeseg.settings import check_range

TOLERANCE = 1e-4
_SEED = 0
_SIDE = 224
_BLOCKS = 4  # a side


@dataclass(frozen=True)
class GoldenOutput:
    """What a model gave for the first golden image.

    Attributes:
        image_sha256: SHA-256 of the image's pixels.
        means: Means of the probabilities in each of 4 x 4 equal blocks, row by row.
    """

    image_sha256: str
    means: list[float]

    def __post_init__(self) -> None:
        check_digest("the golden image", self.image_sha256)
        check_range(
            "the number of golden means", len(self.means), least=_BLOCKS**2, most=_BLOCKS**2, fix="Save the model again"
        )
        for mean in self.means:
            check_range("a golden mean", mean, least=0, most=1, fix="Save the model again")


def golden_images(count: int, *, stride: int) -> NDArray[np.uint8]:
    """Draws scenes, uint8 (count, H, W, 3), RGB, 0 to 255; H and W are about 224, and 3 or more times ``stride``."""
    side = max(_SIDE // stride, 3) * stride
    settings = SceneSettings(width=max(side, _SIDE), height=max(side, _SIDE))
    scenes = [sample_scene(settings, seed=_SEED, index=index).render().image for index in range(count)]
    return np.stack(scenes)[:, :side, :side]


def golden_output(model: keras.Model, *, stride: int) -> GoldenOutput | None:
    """Predicts the first golden image; None when the model gives anything but finite numbers."""
    image = golden_images(1, stride=stride)
    given = keras.ops.convert_to_numpy(model(image, training=False))[0, ..., 0]
    if not np.isfinite(given).all():
        return None
    rows = np.array_split(given.astype(np.float64), _BLOCKS)
    means = [float(block.mean()) for row in rows for block in np.array_split(row, _BLOCKS, axis=1)]
    return GoldenOutput(digest(image.tobytes()), means)
