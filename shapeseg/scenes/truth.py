"""Rendering: a scene becomes an image and the truth about every pixel of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import UsageError
from shapeseg.scenes.ambiguity import ambiguous_pixels
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.scene import Box, Instance, Scene
from shapeseg.scenes.settings import Color

Target = Literal["visible", "amodal"]


@dataclass(frozen=True, eq=False)
class Truth:
    """A rendered scene. N is the number of instances, ordered from back to front.

    Attributes:
        scene: What was rendered.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        instance_map: uint8 (H, W); 0 is background, k the visible part of the k-th instance from the back.
    """

    scene: Scene
    image: NDArray[np.uint8]
    instance_map: NDArray[np.uint8]

    @cached_property
    def visible_masks(self) -> NDArray[np.bool_]:
        """bool (N, H, W): what is left of each instance after everything in front of it."""
        numbers = np.arange(1, len(self.scene.instances) + 1, dtype=np.uint8)
        return self.instance_map == numbers[:, None, None]

    @cached_property
    def amodal_masks(self) -> NDArray[np.bool_]:
        """bool (N, H, W): the whole silhouette of each instance, hidden parts included."""
        masks = np.zeros((len(self.scene.instances), self.scene.height, self.scene.width), bool)
        for mask, instance in zip(masks, self.scene.instances, strict=True):
            _crop(mask, instance.box)[:] = _stencil(instance) != 0
        return masks

    @cached_property
    def amodal_areas(self) -> list[int]:
        """Pixels of each whole silhouette."""
        return [silhouette(kind, *box[2:], form)[1] for kind, box, _, form, *_ in self.scene.instances]

    @cached_property
    def visible_areas(self) -> list[int]:
        """Pixels of each visible part."""
        return [
            int(np.count_nonzero(_crop(self.instance_map, instance.box) == number))
            for number, instance in enumerate(self.scene.instances, start=1)
        ]

    @cached_property
    def occlusion_rates(self) -> NDArray[np.float64]:
        """float64 (N,): ``1 - visible_area / amodal_area``, 0 (whole) to 1 (fully hidden)."""
        return 1.0 - np.array(self.visible_areas, np.float64) / np.array(self.amodal_areas, np.float64)

    def target(self, which: Target = "visible") -> NDArray[np.bool_]:
        """Returns what a model must find: bool (H, W), True on rectangles
        (or what else ``scene.target_kinds`` names).

        Args:
            which: ``"visible"`` for visible rectangle pixels, ``"amodal"`` for whole rectangles, behind their occluders too.

        Raises:
            UsageError: If ``which`` is neither.
        """
        if which == "visible":
            return label_map(self.scene, self.instance_map) != 0
        if which == "amodal":
            targets = np.array([self.scene.is_target(instance) for instance in self.scene.instances], bool)
            return np.any(self.amodal_masks[targets], axis=0)
        raise UsageError("target must be visible or amodal", received=f"target={which!r}", fix="Use one of the two")

    @cached_property
    def ambiguous(self) -> NDArray[np.bool_]:
        """bool (H, W): pixels whose label no image could tell; see :mod:`shapeseg.scenes.ambiguity`. Visible target only."""
        return ambiguous_pixels(self.scene, self.instance_map)

    @cached_property
    def ignored(self) -> NDArray[np.bool_]:
        """bool (H, W): visible pixels of instances that loss and scores leave out."""
        numbers = [number for number, instance in enumerate(self.scene.instances, start=1) if instance.ignored]
        return np.isin(self.instance_map, numbers)


def render(scene: Scene) -> Truth:
    """Draws a scene in painter's order: a later instance covers an earlier one."""
    image = _blank(scene.width, scene.height, scene.background).copy()
    instance_map = np.zeros((scene.height, scene.width), np.uint8)
    for number, instance in enumerate(scene.instances, start=1):
        kind, box, color = instance[:3]
        x, y, w, h = box
        if kind == "rectangle":
            corners = (x, y), (x + w - 1, y + h - 1)
            cv2.rectangle(image, *corners, color, cv2.FILLED)
            cv2.rectangle(instance_map, *corners, number, cv2.FILLED)
        else:
            stencil = _stencil(instance)
            cv2.copyTo(_blank(w, h, color), stencil, _crop(image, box))
            cv2.copyTo(_number(w, h, number), stencil, _crop(instance_map, box))
    return Truth(scene, image, instance_map)


def label_map(scene: Scene, instance_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns uint8 (H, W): 255 on visible target pixels, 0 elsewhere."""
    table = np.zeros(256, np.uint8)
    for number, instance in enumerate(scene.instances, start=1):
        if scene.is_target(instance):
            table[number] = 255
    return cv2.LUT(instance_map, table)


def _stencil(instance: Instance) -> NDArray[np.uint8]:
    _, _, w, h = instance.box
    return silhouette(instance.kind, w, h, instance.form)[0]


def _crop(array: NDArray, box: Box) -> NDArray:
    x, y, w, h = box
    return array[y : y + h, x : x + w]


# Patches of one colour or number are what OpenCV copies through a stencil; a data set uses few, so they are kept.
@lru_cache(maxsize=1024)
def _blank(w: int, h: int, color: Color) -> NDArray[np.uint8]:
    return np.full((h, w, 3), color, np.uint8)


@lru_cache(maxsize=8192)
def _number(w: int, h: int, number: int) -> NDArray[np.uint8]:
    return np.full((h, w), number, np.uint8)
