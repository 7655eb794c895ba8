"""Relations between the instances of a rendered scene: boxes, who hides whom, what is cut into pieces."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.scene import Truth

CONTESTED = (("other", "in front"), ("other", "behind"), ("same", "in front"), ("same", "behind"))
"""Groups of contested pixels: whether the two shapes have another or the same colour, and where the target is."""


class Hiding(NamedTuple):
    """One instance hides pixels of another.

    Attributes:
        front: Place of the instance that is seen there, in ``scene.instances``.
        back: Place of the instance that is hidden there.
        pixels: How many; over all fronts they add up to what is hidden of ``back``.
    """

    front: int
    back: int
    pixels: int


def hidings(truth: Truth) -> list[Hiding]:
    """Returns who hides whom, backmost first."""
    return [hiding for back in range(len(truth.scene.instances)) for hiding in hidings_of(truth, back)]


def hidings_of(truth: Truth, back: int) -> list[Hiding]:
    """Returns who hides one instance, by its place in ``scene.instances``; none hides one that is whole."""
    if truth.visible_areas[back] == truth.amodal_areas[back]:
        return []
    kind, (x, y, w, h), _, form, _, _ = truth.scene.instances[back]
    stencil, _ = silhouette(kind, w, h, form)
    seen = np.bincount(truth.instance_map[y : y + h, x : x + w][stencil != 0])
    return [Hiding(int(number) - 1, back, int(seen[number])) for number in np.flatnonzero(seen) if number != back + 1]


def occluders_of_targets(truth: Truth) -> dict[int, list[int]]:
    """Returns, for each instance that hides part of a target, which targets it hides; places in ``scene.instances``."""
    hidden: dict[int, list[int]] = {}
    for front, back, _ in hidings(truth):
        if truth.scene.is_target(truth.scene.instances[back]):
            hidden.setdefault(front, []).append(back)
    return hidden


def contested(truth: Truth) -> NDArray[np.uint8]:
    """Finds the pixels that one target and one other shape cover, hidden or not, and nothing else.

    In the scene's reversed twin the same pixels are contested, and the target is in front where it was behind.

    Returns:
        uint8 (H, W): k on pixels of the k-th group of ``CONTESTED``, 0 elsewhere.
    """
    shapes, masks = truth.scene.instances, truth.amodal_masks
    targets = masks[[truth.scene.is_target(shape) for shape in shapes]]
    same = np.zeros(truth.instance_map.shape, bool)
    for color in {shape.color for shape in shapes}:
        same |= masks[[shape.color == color for shape in shapes]].sum(axis=0) == 2
    two = (masks.sum(axis=0) == 2) & (targets.sum(axis=0) == 1)
    return np.where(two, 1 + 2 * same + ~truth.target(), 0).astype(np.uint8)


def piece_count(mask: NDArray[np.bool_]) -> int:
    """Returns how many pieces a mask, bool (H, W), is in; pixels that touch by an edge belong together."""
    return cv2.connectedComponents(mask.view(np.uint8), connectivity=4)[0] - 1
