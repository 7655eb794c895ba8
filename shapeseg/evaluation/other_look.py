"""Another generator's look: the same scene with smooth edges and shaded shapes, as other programs would draw it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes import Scene
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.scene import Instance

_FINE = 4  # each pixel is the mean of 4 x 4 finer ones


def other_look(scene: Scene, shade: float) -> NDArray[np.uint8]:
    """Draws a scene with anti-aliased edges: uint8 (H, W, 3), RGB.

    Args:
        scene: What to draw.
        shade: How much darker each shape is at its right end, 0 to 1; its left end has its own colour.
    """
    image = np.empty((_FINE * scene.height, _FINE * scene.width, 3), np.uint8)
    image[:] = np.array(scene.background, np.uint8)
    for instance in scene.instances:
        x, y, w, h = (_FINE * value for value in instance.box)
        stencil, _ = silhouette(instance.kind, w, h, instance.form)
        cv2.copyTo(_shaded(instance, w, h, shade), stencil, image[y : y + h, x : x + w])
    return np.asarray(cv2.resize(image, (scene.width, scene.height), interpolation=cv2.INTER_AREA), np.uint8)


def _shaded(instance: Instance, w: int, h: int, shade: float) -> NDArray[np.uint8]:
    ramp = 1 - shade * np.linspace(0, 1, w)[None, :, None]
    row = np.rint(ramp * np.array(instance.color, np.float64)).astype(np.uint8)
    return np.repeat(row, h, axis=0)
