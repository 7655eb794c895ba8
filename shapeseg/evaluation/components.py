"""The connected parts of a predicted mask: what was found, and tiny ones, which a prediction may be rid of."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray


class Component(NamedTuple):
    """One connected part, pixels joined by their sides or corners. Rectangles that touch are one.

    Attributes:
        box: ``(x, y, w, h)``, the smallest that holds it.
        area: In pixels.
        score: The mean probability of its pixels.
    """

    box: tuple[int, int, int, int]
    area: int
    score: float


def pieces(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Numbers the connected pieces of a mask, bool (H, W), from 1; pixels that touch by an edge belong together."""
    return cv2.connectedComponents(mask.view(np.uint8), connectivity=4)[1]


def connected_components(probability: NDArray[np.float32], threshold: float) -> list[Component]:
    """Finds the parts where ``probability``, float32 (H, W), is at least ``threshold``, from top to bottom."""
    mask = probability >= threshold
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    totals = np.bincount(labels[mask], probability[mask], count)
    found = []
    for label in range(1, count):
        x, y, width, height, area = boxes[label].tolist()
        found.append(Component((x, y, width, height), area, float(totals[label] / area)))
    return sorted(found, key=lambda component: component.box[1::-1])


def without_small(predicted: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Returns a prediction, bool (H, W), without its connected pieces of fewer than ``least`` pixels.

    Pixels that touch by an edge belong together.
    """
    numbers = pieces(predicted)
    large = np.bincount(numbers.ravel()) >= least
    return predicted & large[numbers]
