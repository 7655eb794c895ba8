"""Limited occlusion: shapes that would hide too much of an earlier one are drawn again elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.drawing import TRIES, draw_form, draw_instance, no_place
from shapeseg.scenes.instance import Instance
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.settings import SceneSettings
from shapeseg.scenes.streams import Stream, words


def sample_limited(settings: SceneSettings, seed: int, index: int, drawn: Sequence[Instance]) -> list[Instance]:
    """Keeps the shapes as drawn where they may stay, and draws the others again, so that a loose limit changes little.

    Raises:
        InputError: If a shape finds no place and ``settings.best_effort`` is off.
    """
    canvas = np.zeros((settings.height, settings.width), np.uint8)  # instance map of the shapes placed so far
    areas = [0]  # whole area of each, by number
    visible = [0]
    placed: list[Instance] = []
    for number, first in enumerate(drawn):
        for instance in _candidates(settings, seed, index, number, first):
            if _place(instance, canvas, areas, visible, settings.max_occlusion):
                placed.append(instance)
                break
        else:
            if not settings.best_effort:
                raise no_place(settings, index, f"shape {number + 1} with max_occlusion={settings.max_occlusion}")
    return placed


def _candidates(settings: SceneSettings, seed: int, index: int, number: int, first: Instance) -> Iterator[Instance]:
    yield first
    for attempt in range(TRIES):
        *geometry, color, form = words(seed, Stream.GEOMETRY, index, 7, attempt=1 + number * TRIES + attempt)
        yield draw_form(draw_instance(settings, geometry, color), form)


def _place(instance: Instance, canvas: NDArray[np.uint8], areas: list[int], visible: list[int], limit: float) -> bool:
    """Paints the instance if it hides no other beyond the limit."""
    x, y, w, h = instance.box
    stencil, area = silhouette(instance.kind, w, h, instance.form)
    crop = canvas[y : y + h, x : x + w]
    hidden = np.bincount(crop[stencil != 0], minlength=len(areas))
    for number in np.flatnonzero(hidden[1:]) + 1:
        if 1 - (visible[number] - hidden[number]) / areas[number] > limit:
            return False
    for number in np.flatnonzero(hidden[1:]) + 1:
        visible[number] -= int(hidden[number])
    crop[stencil != 0] = len(areas)
    areas.append(area)
    visible.append(area)
    return True
