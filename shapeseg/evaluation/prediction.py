"""Predicting: a model's probabilities for images of any size, batch by batch, and the pixel counts of a feed's images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import ModelRefusedError, is_out_of_memory
from shapeseg.evaluation.counts import Counts, count
from shapeseg.evaluation.example import Example
from shapeseg.evaluation.turns import averaged
from shapeseg.labels import AMBIGUOUS, IGNORED, TARGET

if TYPE_CHECKING:
    import keras

    from shapeseg.datasets.feed import Feed

_BATCH_PIXELS = 16 * 224 * 224  # measured: larger batches of the reference model are slower, and smaller ones too


class Predicted(NamedTuple):
    """What a model says of one image.

    Attributes:
        example: The image.
        plain: float32 (H, W), the probability of rectangle, 0 to 1.
        probability: The same array, or with test-time augmentation the mean over eight turns.
    """

    example: Example
    plain: NDArray[np.float32]
    probability: NDArray[np.float32]


def predict(model: keras.Model, examples: Iterable[Example], *, stride: int, tta: bool = False) -> Iterator[Predicted]:
    """Predicts images one after another, in batches of one size; they are read only as they are needed.

    Args:
        model: As ``shapeseg.load_model`` returns it.
        examples: Of any sizes.
        stride: What the model needs height and width to be multiples of.
        tta: Also average over eight turns.
    """

    def ask(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return probabilities(model, images, stride=stride)

    for batch in _batches(examples):
        images = np.stack([example.image for example in batch])
        plain = ask(images)
        yield from map(Predicted, batch, plain, averaged(ask, images, plain) if tta else plain)


def _batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
    """Yields images of one size that follow each other, as many as make about ``_BATCH_PIXELS`` pixels, at least one."""
    batch: list[Example] = []
    for example in examples:
        if batch and (example.labels.shape != batch[0].labels.shape or (len(batch) + 1) * example.labels.size > _BATCH_PIXELS):
            yield batch
            batch = []
        batch.append(example)
    if batch:
        yield batch


class Predictor(Protocol):
    """What predicts: a Keras model, or an exported one in another runtime."""

    def predict_on_batch(self, images: NDArray[np.uint8]) -> Any:
        """Takes uint8 (B, H, W, 3), RGB, 0 to 255; gives probabilities, float32 (B, H, W, 1)."""


def predict_batches(model: keras.Model, feed: Feed, *, stride: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.float32]]]:
    """Yields truth and prediction, batch by batch, in the feed's order.

    Yields:
        Targets, bool (B, H, W), and probabilities of rectangle, float32 (B, H, W). Pixels of ignored instances are no target
        and have probability 0, so that no score counts them.
    """
    for batch in range(len(feed)):
        images, labels = feed[batch]
        labels = labels[..., 0]
        probability = probabilities(model, images, stride=stride)
        yield (labels & (255 - AMBIGUOUS)) == TARGET, np.where(labels == IGNORED, np.float32(0), probability)


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

    Raises:
        ModelRefusedError: If the model takes images of another size only, or does not give one value a pixel.
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
