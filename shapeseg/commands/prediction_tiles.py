"""Which predictions to show, and the tiles that show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from shapeseg.datasets import Dataset
from shapeseg.evaluation.counts import Counts
from shapeseg.evaluation.prediction import probabilities
from shapeseg.reporting.pictures import Prediction

if TYPE_CHECKING:
    import keras


def worst(counts: Sequence[Counts], limit: int) -> list[int]:
    """Returns the places of the images with the most wrong pixels, worst first."""
    return sorted(range(len(counts)), key=lambda place: -(counts[place].missed + counts[place].invented))[:limit]


def predictions(
    model: keras.Model, dataset: Dataset, places: Iterable[int], counts: Sequence[Counts], *, stride: int, threshold: float
) -> list[Prediction]:
    """Predicts the images at ``places`` again and returns their tiles."""
    return [_tile(model, dataset, place, counts[place], stride, threshold) for place in places]


def _tile(model: keras.Model, dataset: Dataset, place: int, counts: Counts, stride: int, threshold: float) -> Prediction:
    row, image, mask = dataset[place]
    probability = probabilities(model, image[None], stride=stride)[0]
    iou = "undefined" if counts.iou is None else f"{counts.iou:.3f}"
    return Prediction(f"{row['image_id']}  IoU {iou}", image, mask != 0, probability >= threshold)
