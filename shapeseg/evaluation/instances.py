"""What became of each rectangle: how much of it was found, next to what hides it."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Example
from shapeseg.evaluation.counts import ratio
from shapeseg.scenes import Instance, Truth
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.occlusion import bin_of
from shapeseg.scenes.relations import hidings_of, piece_count
from shapeseg.scenes.scene import Target

Mask = NDArray[np.bool_]

MARGIN = 2
"""Pixels around a rectangle's box in which invented pixels count against its IoU."""


class InstanceRecord(NamedTuple):
    """One target instance: a line of ``per_instance.csv``, but for the image that it is in.

    Attributes:
        instance: Its number; 1 is at the back.
        occlusion_rate: Share of it that is hidden.
        occlusion: Bin of that rate.
        occluder_kind: Kind of what hides it, ``none``, or ``several`` when kinds differ.
        occluder_color: Colours of what hides it, relative to its own: ``none``, ``same``, ``other`` or ``both``.
        pieces: Whether what is seen of it is ``one`` piece, ``cut`` into several, or ``hidden``.
        visible_area: Its visible pixels.
        found_pixels: Those of its pixels that were predicted; None when it is ignored.
        recall: Their share; None when it has no pixel to be found, or is ignored.
        iou: Found pixels over its pixels and the pixels invented in its box and ``MARGIN`` around; None like ``recall``.
        touching: Whether it is in one connected piece of the truth with another target.
        ignored: Whether scores leave it out.
    """

    instance: int
    occlusion_rate: float
    occlusion: str
    occluder_kind: str
    occluder_color: str
    pieces: str
    visible_area: int
    found_pixels: int | None
    recall: float | None
    iou: float | None
    touching: int
    ignored: int


def instance_records(
    example: Example, truth: Truth, predicted: Mask, pieces: NDArray[np.int32], target: Target
) -> list[InstanceRecord]:
    """Measures every target instance of one image, from back to front.

    Args:
        example: The image.
        truth: Its rendered scene.
        predicted: bool (H, W); nothing where pixels are ignored.
        pieces: int32 (H, W), the connected pieces of ``example.target``, numbered.
        target: Whether an instance's pixels are its visible ones or its whole silhouette.
    """
    places = [place for place, each in enumerate(truth.scene.instances) if truth.scene.is_target(each)]
    own = {place: _own_pixels(example, truth, place, target) for place in places}
    numbers = {place: set(np.flatnonzero(np.bincount(_crop(pieces, truth, place)[own[place]]))) for place in places}
    members = Counter(number for found in numbers.values() for number in found)
    invented = predicted & ~example.target
    records = []
    for place in places:
        instance = truth.scene.instances[place]
        occluders = [truth.scene.instances[front] for front, _, _ in hidings_of(truth, place)]
        rate = float(truth.occlusion_rates[place])
        pixels, found = int(np.count_nonzero(own[place])), int(np.count_nonzero(own[place] & _crop(predicted, truth, place)))
        around = int(np.count_nonzero(invented[_around(instance)]))
        scored = not instance.ignored
        records.append(
            InstanceRecord(
                instance=place + 1,
                occlusion_rate=rate,
                occlusion=bin_of(rate),
                occluder_kind=_kind(occluders),
                occluder_color=_color(instance, occluders),
                pieces=_pieces(truth, place),
                visible_area=truth.visible_areas[place],
                found_pixels=found if scored else None,
                recall=ratio(found, pixels) if scored else None,
                iou=ratio(found, pixels + around) if scored and pixels else None,
                touching=int(any(members[number] > 1 for number in numbers[place])),
                ignored=int(instance.ignored),
            )
        )
    return records


def _own_pixels(example: Example, truth: Truth, place: int, target: Target) -> Mask:
    """Returns the pixels of an instance that are to be found: bool (h, w), cut to its box."""
    if target == "visible":
        return (_crop(truth.instance_map, truth, place) == place + 1) & _crop(example.target, truth, place)
    kind, (_, _, w, h), _, form, _, _ = truth.scene.instances[place]
    return (silhouette(kind, w, h, form)[0] != 0) & _crop(example.target, truth, place)


def _crop(pixels: NDArray[Any], truth: Truth, place: int) -> NDArray[Any]:
    x, y, w, h = truth.scene.instances[place].box
    return pixels[y : y + h, x : x + w]


def _around(instance: Instance) -> tuple[slice, slice]:
    x, y, w, h = instance.box
    return np.s_[max(y - MARGIN, 0) : y + h + MARGIN, max(x - MARGIN, 0) : x + w + MARGIN]


def _kind(occluders: list[Instance]) -> str:
    kinds = {occluder.kind for occluder in occluders}
    return "none" if not kinds else kinds.pop() if len(kinds) == 1 else "several"


def _color(instance: Instance, occluders: list[Instance]) -> str:
    same = {occluder.color == instance.color for occluder in occluders}
    return "none" if not same else "both" if len(same) == 2 else "same" if True in same else "other"


def _pieces(truth: Truth, place: int) -> str:
    if truth.visible_areas[place] == 0:
        return "hidden"
    if truth.visible_areas[place] == truth.amodal_areas[place]:
        return "one"  # silhouettes are in one piece
    return "one" if piece_count(_crop(truth.instance_map, truth, place) == place + 1) == 1 else "cut"
