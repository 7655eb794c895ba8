"""Predictions to measure: one way through a set of examples, batch by batch, and what is done to a prediction first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Example
from shapeseg.datasets.sizes import BATCH_PIXELS
from shapeseg.evaluation.components import without_small
from shapeseg.evaluation.counts import Counts, count
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.inference.turns import averaged
from shapeseg.settings import check_range

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PredictionOptions:
    """What is done to a prediction before it is measured."""

    tta: bool = False
    """Average the probabilities over the eight mirrored and turned images (takes eight times as long)."""
    min_component: int = 0
    """Remove predicted pieces with fewer pixels than this."""

    def __post_init__(self) -> None:
        check_range("min_component", self.min_component, least=0, fix="Try 20")


AS_PREDICTED = PredictionOptions()


class Predicted(NamedTuple):
    """A model's prediction of one image.

    Attributes:
        example: The image.
        plain: float32 (H, W), the probability of rectangle, 0 to 1.
        probability: The same array, or with test-time augmentation the mean over eight turns.
    """

    example: Example
    plain: NDArray[np.float32]
    probability: NDArray[np.float32]

    def masks(self, threshold: float, options: PredictionOptions = AS_PREDICTED) -> dict[str, Mask]:
        """Returns the predicted pixels, bool (H, W), plain and after each option that is on; the last one counts.

        Nothing is predicted where pixels are ignored.
        """
        masks = {"plain": self.plain >= threshold}
        if options.tta:
            masks["tta"] = self.probability >= threshold
        if options.min_component:
            masks["min_component"] = without_small(list(masks.values())[-1], options.min_component)
        ignored = self.example.ignored
        return masks if ignored is None else {name: mask & ~ignored for name, mask in masks.items()}

    def counts(self, threshold: float) -> Counts:
        """Counts the pixels of the plain prediction."""
        return count(self.example.target, self.masks(threshold)["plain"])


def predict(model: OpenedModel, examples: Iterable[Example], *, tta: bool = False) -> Iterator[Predicted]:
    """Predicts images one after another, in batches of one size; they are read only as they are needed.

    Args:
        model: What predicts.
        examples: Examples of any size.
        tta: Also average over eight turns.
    """
    for batch in _batches(examples):
        images = np.stack([example.image for example in batch])
        plain = model.probabilities(images)
        yield from map(Predicted, batch, plain, averaged(model.probabilities, images, plain) if tta else plain)


def _batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
    """Yields images of one size that follow each other, as many as make about ``BATCH_PIXELS`` pixels, at least one."""
    batch: list[Example] = []
    for example in examples:
        if batch and (example.labels.shape != batch[0].labels.shape or (len(batch) + 1) * example.labels.size > BATCH_PIXELS):
            yield batch
            batch = []
        batch.append(example)
    if batch:
        yield batch
