"""Tiles of pictures: predictions, overlays, and what a preview writes over an image."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import Example
from shapeseg.datasets.sizes import at_most
from shapeseg.evaluation.counts import Counts, count
from shapeseg.evaluation.prediction import Predicted
from shapeseg.reporting.pictures import Note, Prediction

_PALEST, _DARKEST = 245, 165  # of what was not found
_SIDE = 640  # pixels of a tile, more than its part of a picture has
_LINES = 400  # an outline is as wide as a line of an image of so many lines


def worst(counts: Sequence[Counts], limit: int) -> list[int]:
    """Returns the places of the images with the most wrong pixels, worst first."""
    return sorted(range(len(counts)), key=lambda place: -(counts[place].missed + counts[place].invented))[:limit]


def tile(name: str, example: Example, predicted: NDArray[np.bool_]) -> Prediction:
    """Returns the tile of an image: what was predicted for it, bool (H, W), and how well."""
    return of_masks(name, example.image, example.target, predicted)


def of_masks(name: str, image: NDArray[np.uint8], truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Prediction:
    """Returns the tile of an image, uint8 (H, W, 3): the truth, what was predicted, bool (H, W), and how well."""
    iou = count(truth, predicted).iou
    shown = "undefined" if iou is None else f"{iou:.3f}"
    return Prediction(f"{name}  IoU {shown}", *(at_most(_SIDE, each) for each in (image, truth, predicted)))


def prediction_tile(name: str, predicted: Predicted, threshold: float) -> Prediction:
    """Returns the tile of a prediction."""
    return tile(name, predicted.example, predicted.masks(threshold)["plain"])


def overlay(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Shows what was found in its own colours, outlined in black; all else turns grey and pale.

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        mask: bool (H, W).

    Returns:
        uint8 (H, W, 3), RGB. The outline lies outside of what was found.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    pale = cv2.convertScaleAbs(grey, alpha=(_PALEST - _DARKEST) / 255, beta=_DARKEST)
    picture = cv2.cvtColor(pale, cv2.COLOR_GRAY2RGB)
    thickness = max(1, round(min(mask.shape) / _LINES))
    found = mask.astype(np.uint8)
    around = cv2.dilate(found, np.ones((2 * thickness + 1, 2 * thickness + 1), np.uint8))
    picture[around != 0] = 0
    picture[mask] = image[mask]
    return picture


def dataset_tile(
    data: Dataset, place: int, *, masks: bool, outlines: bool, numbers: bool, rates: bool
) -> tuple[NDArray[np.uint8], Note]:
    """Returns the tile of a sample, its image or its mask, no larger than it is shown, and the note over it."""
    _, image, mask = data[place]
    tile = at_most(_SIDE, np.where(mask, np.uint8(0), np.uint8(255)) if masks else image)
    if data.has_recipes:
        return tile, _note(data, place, outlines=outlines, numbers=numbers, rates=rates)
    return tile, Note([at_most(_SIDE, mask) != 0] if outlines and mask.any() else [])


def _note(data: Dataset, place: int, *, outlines: bool, numbers: bool, rates: bool) -> Note:
    """Returns the note over the tile of a scene."""
    scene = data.scene(place)
    truth = scene.render()
    silhouettes = [
        mask for mask, instance in zip(truth.amodal_masks, scene.instances, strict=True) if scene.is_target(instance)
    ]
    labels = []
    for number, (instance, rate) in enumerate(zip(scene.instances, truth.occlusion_rates, strict=True), start=1):
        lines = [str(number)] if numbers else []
        if rates and rate > 0 and scene.is_target(instance):
            lines.append(f"{rate:.2f}")
        x, y, w, h = instance.box
        labels.append((x + w / 2, y + h / 2, "\n".join(lines)))
    return Note(silhouettes if outlines else [], labels)
