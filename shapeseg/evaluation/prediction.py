"""Predicting and measuring: a model's probabilities for the images of a dataset, whatever their size, and their counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import ModelRefusedError
from shapeseg.evaluation.counts import Counts, count
from shapeseg.labels import AMBIGUOUS, TARGET

if TYPE_CHECKING:
    import keras

    from shapeseg.datasets.feed import Feed


class Predictor(Protocol):
    """What predicts: a Keras model, or an exported one in another runtime."""

    def predict_on_batch(self, images: NDArray[np.uint8]) -> Any:
        """Takes uint8 (B, H, W, 3), RGB, 0 to 255; gives probabilities, float32 (B, H, W, 1)."""


def predict_batches(model: keras.Model, feed: Feed, *, stride: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.float32]]]:
    """Yields truth and prediction, batch by batch, in the feed's order.

    Yields:
        Targets, bool (B, H, W), and probabilities of rectangle, float32 (B, H, W).
    """
    for batch in range(len(feed)):
        images, labels = feed[batch]
        yield np.isin(labels[..., 0], (TARGET, TARGET + AMBIGUOUS)), probabilities(model, images, stride=stride)


def measure(
    model: keras.Model,
    feed: Feed,
    *,
    stride: int,
    threshold: float,
    progress: Callable[[int], object] = lambda images: None,
) -> list[Counts]:
    """Returns the pixel counts of every image, in the feed's order.

    Args:
        model: As ``shapeseg.load_model`` returns it.
        feed: What to measure on, in order.
        stride: What the model needs height and width to be multiples of.
        threshold: Probability from which a pixel counts as rectangle.
        progress: Called with the number of images done since the last call.
    """
    counts = []
    for truths, probability in predict_batches(model, feed, stride=stride):
        counts += [count(truth, predicted) for truth, predicted in zip(truths, probability >= threshold, strict=True)]
        progress(len(truths))
    return counts


def probabilities(model: Predictor, images: NDArray[np.uint8], *, stride: int) -> NDArray[np.float32]:
    """Predicts images of one size; they are padded to multiples of ``stride`` by repeating their edges, and cropped back.

    Args:
        model: As ``shapeseg.load_model`` returns it, or exported.
        images: uint8 (B, H, W, 3), RGB, 0 to 255.
        stride: What the model needs height and width to be multiples of.

    Returns:
        float32 (B, H, W), 0 to 1.
    """
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (0, -height % stride), (0, -width % stride), (0, 0)), mode="edge")
    return np.asarray(model.predict_on_batch(padded))[:, :height, :width, 0]


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
