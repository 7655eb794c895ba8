"""What predicts, asked for probabilities: images of any size, padded to what the network takes, and cropped back."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import ModelRefusedError, is_out_of_memory


class Predictor(Protocol):
    """What predicts: a Keras model, or an exported one in another runtime."""

    def predict_on_batch(self, images: NDArray[np.uint8]) -> Any:
        """Takes uint8 (B, H, W, 3), RGB, 0 to 255; gives probabilities, float32 (B, H, W, 1)."""


def probabilities(model: Predictor, images: NDArray[np.uint8], *, stride: int) -> NDArray[np.float32]:
    """Predicts images of one size; they are padded to multiples of ``stride`` by repeating their edges, and cropped back.

    Args:
        model: As ``shapeseg.load_model`` returns it, or exported.
        images: uint8 (B, H, W, 3), RGB, 0 to 255.
        stride: What the model needs height and width to be multiples of.

    Returns:
        float32 (B, H, W), 0 to 1.

    Raises:
        ModelRefusedError: If the model takes images of another size only, or does not give one finite value a pixel.
    """
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (0, -height % stride), (0, -width % stride), (0, 0)), mode="edge")
    size = padded.shape[1:3]
    takes = _sides(model)
    if any(side not in (None, own) for side, own in zip(takes, size, strict=True)):
        raise ModelRefusedError(f"the model takes images of {takes} only", received=size, fix="Name images of that size")
    found = np.asarray(model.predict_on_batch(padded))
    if found.shape[1:3] != size:
        raise ModelRefusedError(
            "the model must give one probability a pixel", received=f"{found.shape[1:3]} of {size}", fix="Name another model"
        )
    if not np.isfinite(found).all():
        raise ModelRefusedError(
            "the model gives probabilities that are not finite", received=f"images of {size}", fix="Train it again"
        )
    return found[:, :height, :width, 0]


def _sides(model: Predictor) -> tuple[int | None, ...]:
    """Returns the height and width of the images that a model takes; None where it takes any."""
    takes = getattr(model, "input_shape", (None,) * 4)[1:3]
    return tuple(side if isinstance(side, int) else None for side in takes)  # exported models have names for free sides


def check_model(model: Any) -> None:
    """Raises a ModelRefusedError when a model does not take RGB images and give one probability a pixel."""
    takes, gives = model.input_shape, model.output_shape
    fits = isinstance(takes, tuple) and isinstance(gives, tuple) and len(takes) == len(gives) == 4
    if not fits or takes[-1] != 3 or gives[-1] != 1:
        raise ModelRefusedError(
            "the model must take (N, H, W, 3) and give (N, H, W, 1)",
            received=f"{takes} to {gives}",
            fix="Name a model that was trained by train.py",
        )


def check_predicts(model: Predictor, *, stride: int) -> None:
    """Raises a ModelRefusedError when a model fails on the smallest image that it should take."""
    height, width = (side or stride for side in _sides(model))
    try:
        probabilities(model, np.zeros((1, height, width, 3), np.uint8), stride=1)
    except Exception as error:  # whatever its layers raise
        if isinstance(error, ModelRefusedError) or is_out_of_memory(error):
            raise
        raise ModelRefusedError(
            "the model fails on a small image",
            received=f"{type(error).__name__} for {height} x {width} pixels",
            fix=f"Name a model that takes all images whose sides are multiples of {stride}",
        ) from error
