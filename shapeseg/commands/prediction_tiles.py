"""Which predictions to show, and the tiles that show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from shapeseg.evaluation.counts import Counts
from shapeseg.evaluation.prediction import probabilities
from shapeseg.labels import AMBIGUOUS, TARGET
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


def _tile(model: keras.Model, feed: Feed, place: int, counts: Counts, stride: int, threshold: float) -> Prediction:
    image, labels = feed.example(place)
    probability = probabilities(model, image[None], stride=stride)[0]
    iou = "undefined" if counts.iou is None else f"{counts.iou:.3f}"
    truth = np.isin(labels, (TARGET, TARGET + AMBIGUOUS))
    return Prediction(f"{feed.source.index_of(place, 0):06d}  IoU {iou}", image, truth, probability >= threshold)
