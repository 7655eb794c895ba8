"""Which predictions to show, and the tiles that show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.counts import Counts
from shapeseg.evaluation.example import Example
from shapeseg.evaluation.prediction import probabilities
from shapeseg.labels import IGNORED
from shapeseg.reporting.pictures import Prediction

if TYPE_CHECKING:
    import keras

    from shapeseg.datasets.feed import Feed


def worst(counts: Sequence[Counts], limit: int) -> list[int]:
    """Returns the places of the images with the most wrong pixels, worst first."""
    return sorted(range(len(counts)), key=lambda place: -(counts[place].missed + counts[place].invented))[:limit]


def predictions(
    model: keras.Model, feed: Feed, places: Iterable[int], counts: Sequence[Counts], *, stride: int, threshold: float
) -> list[Prediction]:
    """Predicts the images at ``places`` of a feed again and returns their tiles."""
    return [_tile(model, feed, place, counts[place], stride, threshold) for place in places]


def tile(name: str, example: Example, predicted: NDArray[np.bool_], counts: Counts) -> Prediction:
    """Returns the tile of an image: what was predicted for it, bool (H, W), and how well."""
    iou = "undefined" if counts.iou is None else f"{counts.iou:.3f}"
    return Prediction(f"{name}  IoU {iou}", example.image, example.target, predicted)


def _tile(model: keras.Model, feed: Feed, place: int, counts: Counts, stride: int, threshold: float) -> Prediction:
    example = Example(place, *feed.example(place))
    probability = probabilities(model, example.image[None], stride=stride)[0]
    predicted = (probability >= threshold) & (example.labels != IGNORED)
    return tile(f"{feed.source.index_of(place, 0):06d}", example, predicted, counts)
