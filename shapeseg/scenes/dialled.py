"""Dialled occlusion: scenes built around targets that are hidden just as much as asked.

Each asked rate gets a target and an occluder that slides outwards from the target's centre until it hides the asked share.
All other shapes stand free, so that each asked target is hidden by one known occluder and by nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shapeseg.scenes.drawing import TRIES, draw_form, draw_instance, no_place, shape_count
from shapeseg.scenes.instance import Box, Instance, boxes_overlap
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.occlusion import OCCLUSION_BINS, TOLERANCE
from shapeseg.scenes.settings import SceneSettings
from shapeseg.scenes.streams import Stream, below, permutation, words

_WORDS = 16
_DIRECTIONS = 32  # components of the sliding direction are from -32 to 32


def sample_dialled(settings: SceneSettings, seed: int, index: int) -> tuple[list[Instance], int]:
    """Returns the shapes, each asked target directly followed by its occluder, and how many were asked for.

    Raises:
        InputError: If a shape finds no place and ``settings.best_effort`` is off.
    """
    rates = settings.occlusion_rates or (_rate_of_bin(seed, index),)
    pairs = [1 if rate == 0 else 2 for rate in rates]
    others = max(shape_count(settings, words(seed, Stream.GEOMETRY, index, 1)[0]) - sum(pairs), 0)
    placed: list[Instance] = []
    for slot in range(len(rates) + others):
        rate = rates[slot] if slot < len(rates) else None
        taken = [instance.box for instance in placed]
        for attempt in range(TRIES):
            random = words(seed, Stream.DIAL, index, _WORDS, attempt=slot * TRIES + attempt)
            if found := _try_slot(settings, rate, random, taken):
                placed += found
                break
        else:
            if not settings.best_effort:
                what = f"shape {slot + 1}" if rate is None else f"a target hidden by {rate:.2f}"
                raise no_place(settings, index, what)
    return placed, sum(pairs) + others


def _rate_of_bin(seed: int, index: int) -> float:
    """Every five indices in a row hold every bin once; within its bin the rate is uniform, a tolerance away from the edges."""
    block, place = divmod(index, len(OCCLUSION_BINS))
    low, high = permutation(words(seed, Stream.DIAL, block, len(OCCLUSION_BINS)), list(OCCLUSION_BINS))[place]
    if high == 0:
        return 0.0
    fraction = words(seed, Stream.DIAL, index, 1, attempt=2**32)[0] / 2**64
    return round(low + TOLERANCE + fraction * (high - low - 2 * TOLERANCE), 4)


def _try_slot(settings: SceneSettings, rate: float | None, random: Sequence[int], taken: Sequence[Box]) -> list[Instance]:
    """Tries to place a free shape (rate None), or a target hidden by ``rate``; returns nothing when that does not fit."""
    shape = draw_form(draw_instance(settings, random[:5], random[5]), random[6])
    if rate is not None:
        shape = shape._replace(kind=settings.target_kinds[below(random[0], len(settings.target_kinds))], asked_occlusion=rate)
        shape = draw_form(shape, random[6])
    if not _free(shape.box, taken):
        return []
    if not rate:
        return [shape]
    occluder = _slide(_occluder(settings, shape, random[7:]), shape, rate, settings, random[14:])
    return [shape, occluder] if occluder and _free(occluder.box, taken) else []


def _occluder(settings: SceneSettings, target: Instance, random: Sequence[int]) -> Instance:
    occluder = draw_instance(settings, random[:5], random[5])
    colors: Sequence[tuple[int, int, int]] = settings.colors
    if settings.occluder_color == "same":
        colors = (target.color,)
    elif settings.occluder_color == "other":
        colors = [color for color in colors if color != target.color]
    elif settings.occluder_color != "any":
        colors = (settings.occluder_color,)
    occluder = occluder._replace(kind=settings.occluder_kind or occluder.kind, color=colors[below(random[5], len(colors))])
    return draw_form(occluder, random[6])


def _slide(
    occluder: Instance, target: Instance, rate: float, settings: SceneSettings, random: Sequence[int]
) -> Instance | None:
    """Moves the occluder outwards in a random direction to where it hides nearest to ``rate`` of the target."""
    x, y, w, h = target.box
    _, _, width, height = occluder.box
    start_x, start_y = x + (w - width) // 2, y + (h - height) // 2
    along, down = (below(word, 2 * _DIRECTIONS + 1) - _DIRECTIONS for word in random[:2])
    if not (along or down):
        return None
    reach = (w + width) // 2 + (h + height) // 2
    longest = max(abs(along), abs(down))
    boxes = [(start_x + step * along // longest, start_y + step * down // longest, width, height) for step in range(reach)]
    hidden = [(abs(_hidden_share(target, occluder._replace(box=box)) - rate), box) for box in boxes]
    error, box = min(hidden)
    inside = 0 <= box[0] <= settings.width - width and 0 <= box[1] <= settings.height - height
    return occluder._replace(box=box) if error < TOLERANCE - 1e-9 and inside else None


def _hidden_share(target: Instance, occluder: Instance) -> float:
    x, y, w, h = target.box
    other_x, other_y, width, height = occluder.box
    left, top = max(x, other_x), max(y, other_y)
    right, bottom = min(x + w, other_x + width), min(y + h, other_y + height)
    if left >= right or top >= bottom:
        return 0.0
    stencil, area = silhouette(target.kind, w, h, target.form)
    other, _ = silhouette(occluder.kind, width, height, occluder.form)
    here = stencil[top - y : bottom - y, left - x : right - x]
    there = other[top - other_y : bottom - other_y, left - other_x : right - other_x]
    return float(np.count_nonzero(here & there)) / area


def _free(box: Box, taken: Sequence[Box]) -> bool:
    return not any(boxes_overlap(box, other) for other in taken)
