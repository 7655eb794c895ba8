"""A model opened for use, with what its card says of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shapeseg.commands.keras_backend import Device, prepare_keras
from shapeseg.evaluation.prediction import Predictor, check_model, probabilities
from shapeseg.evaluation.tiles import MAX_PIXELS, WINDOW, measure_reach, probabilities_in_tiles


@dataclass(frozen=True)
class OpenedModel:
    """A model that is ready to predict.

    Attributes:
        path: Its file.
        sha256: Of that file.
        predictor: What computes.
        stride: What it needs height and width to be multiples of.
        threshold: Probability from which a pixel counts as rectangle.
    """

    path: Path
    sha256: str
    predictor: Predictor
    stride: int
    threshold: float

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Predicts images of one size, uint8 (B, H, W, 3); large ones in tiles. Returns float32 (B, H, W), 0 to 1."""
        if not _is_large(images.shape[1:]):
            return probabilities(self.predictor, images, stride=self.stride)
        margin = WINDOW // 4 if self._reach is None else self._reach
        return np.stack([probabilities_in_tiles(self.predictor, image, stride=self.stride, margin=margin) for image in images])

    def notes(self, shape: tuple[int, ...]) -> list[str]:
        """Returns what there is to tell of predicting an image of this shape, (H, W, 3)."""
        if _is_large(shape) and self._reach is None:
            return ["it was predicted in tiles by a model that looks at whole images, so that seams may show"]
        return []

    @cached_property
    def _reach(self) -> int | None:
        return measure_reach(self.predictor, stride=self.stride)


def _is_large(shape: tuple[int, ...]) -> bool:
    return shape[0] * shape[1] > MAX_PIXELS


def open_model(path: Path, *, device: Device = "auto", trust: bool = False) -> OpenedModel:
    """Opens a ``.keras`` file.

    Raises:
        InputError: If there is none.
        ModelRefusedError: If it is not known to be whole, or is no model from images to one probability a pixel.
    """
    prepare_keras(device=device)
    from shapeseg.models import file_digest, load_model, read_card

    model = load_model(path, trust=trust)
    check_model(model)
    card = read_card(path)
    stride = card.architecture.stride if card else 32
    return OpenedModel(path, file_digest(path), model, stride, card.threshold if card else 0.5)
