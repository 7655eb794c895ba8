"""Ambiguity: the pixels whose label the image cannot tell.

Two shapes of one colour overlap, a rectangle and an ellipse: nothing in the image says which is in front, so nothing says what
the pixels of their overlap are. A pixel is ambiguous when another depth order of the same instances gives the identical image,
but another label there.

The search goes from front to back. A set of instances that stand in front of all others covers the union of their silhouettes,
whatever their own order; the next one may follow when all that it would newly show has its colour in the image. So the states
are sets, at most 2^n, not orders, n!. Only instances that overlap, directly or through others, restrict each other; each such
group is searched by itself, and only if two of its members could be confused. Silhouettes are Python integers, one bit a pixel
of the group's bounding box, which makes unions and tests single operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.instance import Box, Instance, boxes_overlap
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.settings import Color

InstanceMap = NDArray[np.uint8]

MAX_GROUP = 12
"""Groups of more overlapping instances are not searched: every overlap of one colour and unlike label counts as ambiguous."""


@dataclass(frozen=True)
class _Group:
    """Instances that overlap each other, directly or through others, in their bounding box, as bit sets of its pixels."""

    box: Box
    is_target: list[bool]
    colors: list[Color]
    silhouettes: list[int]
    forbidden: list[int]
    """Pixels of each silhouette whose colour in the image is not the instance's: something in front must cover them."""


def ambiguous_pixels(
    instances: Sequence[Instance], are_targets: Sequence[bool], background: Color, instance_map: InstanceMap
) -> NDArray[np.bool_]:
    """Returns bool (H, W), True where another depth order keeps the image and changes the label.

    Args:
        instances: Of a scene, from back to front.
        are_targets: Whether a model must find each.
        background: Of the scene.
        instance_map: uint8 (H, W), of the rendered scene.
    """
    ambiguous = np.zeros(instance_map.shape, bool)
    for group in _confusable_groups(instances, are_targets, background, instance_map):
        x, y, w, h = group.box
        ambiguous[y : y + h, x : x + w] |= _to_mask(_search_labels(group), w, h)
    return ambiguous


def put_probabilities(
    probability: NDArray[np.float64],
    instances: Sequence[Instance],
    are_targets: Sequence[bool],
    background: Color,
    instance_map: InstanceMap,
) -> None:
    """Replaces labels, float64 (H, W) of 0 and 1, by the share of the depth orders that keep the image and give 1.

    The other arguments are those of :func:`ambiguous_pixels`.
    """
    for group in _confusable_groups(instances, are_targets, background, instance_map):
        x, y, w, h = group.box
        crop = probability[y : y + h, x : x + w]
        if len(group.is_target) > MAX_GROUP:
            crop[_to_mask(_search_labels(group), w, h)] = 0.5
            continue
        covered = _to_mask(_union(group.silhouettes), w, h)
        crop[covered] = _expected_label(group)[covered]


def _expected_label(group: _Group) -> NDArray[np.float64]:
    """Averages the label over all orders that keep the image: each step of the search counts as often as orders take it."""
    steps = list(_steps(group))
    everything = (1 << len(group.is_target)) - 1
    orders_to, orders_from = {0: 1}, {everything: 1}
    for front, _, _, after in steps:
        orders_to[after] = orders_to.get(after, 0) + orders_to[front]
    for front, _, _, after in reversed(steps):
        orders_from[front] = orders_from.get(front, 0) + orders_from.get(after, 0)
    _, _, w, h = group.box
    expected = np.zeros((h, w), np.float64)
    for front, member, shown, after in steps:
        if group.is_target[member]:
            share = orders_to[front] * orders_from.get(after, 0) / orders_from[0]
            expected += share * _to_mask(shown, w, h)
    return expected


def _search_labels(group: _Group) -> int:
    """Returns the pixels that are rectangle in one order that keeps the image and something else in another."""
    if len(group.is_target) > MAX_GROUP:
        return _union(
            one & other
            for place, one in enumerate(group.silhouettes)
            for other_place, other in enumerate(group.silhouettes[:place])
            if group.colors[place] == group.colors[other_place] and group.is_target[place] != group.is_target[other_place]
        )
    steps = list(_steps(group))
    everything = (1 << len(group.is_target)) - 1
    completes = {everything}  # sets from which every instance can be placed
    seen = {True: 0, False: 0}
    for front, member, shown, after in reversed(steps):
        if after in completes:
            completes.add(front)
            seen[group.is_target[member]] |= shown
    return seen[True] & seen[False]


def _steps(group: _Group) -> Iterator[tuple[int, int, int, int]]:
    """Yields every step that keeps the image, fewer placed instances first.

    Yields:
        The set in front before it, the member placed, the pixels it newly shows, the set after it; sets are bit sets.
    """
    members = range(len(group.is_target))
    covered = {0: 0}  # set of instances in front -> pixels they cover
    for _ in members:
        following = {}
        for front, cover in covered.items():
            for member in members:
                if front >> member & 1 or group.forbidden[member] & ~cover:
                    continue
                after = front | 1 << member
                following[after] = cover | group.silhouettes[member]
                yield front, member, group.silhouettes[member] & ~cover, after
        covered = following


def _confusable_groups(
    instances: Sequence[Instance], are_targets: Sequence[bool], background: Color, instance_map: InstanceMap
) -> Iterator[_Group]:
    for members in _overlapping(instances):
        if any(
            instances[one].color == instances[other].color
            and are_targets[one] != are_targets[other]
            and boxes_overlap(instances[one].box, instances[other].box)
            for place, one in enumerate(members)
            for other in members[:place]
        ):
            painted = [background, *(instance.color for instance in instances)]
            yield _make_group(
                [instances[member] for member in members], [are_targets[member] for member in members], painted, instance_map
            )


def _make_group(members: list[Instance], are_targets: list[bool], painted: list[Color], instance_map: InstanceMap) -> _Group:
    """Cuts a group out of the image; ``painted`` is the colour of each number in the instance map."""
    boxes = [member.box for member in members]
    left, top = min(x for x, _, _, _ in boxes), min(y for _, y, _, _ in boxes)
    right, bottom = max(x + w for x, _, w, _ in boxes), max(y + h for _, y, _, h in boxes)
    w, h = right - left, bottom - top
    codes = {color: code for code, color in enumerate(dict.fromkeys(painted))}
    seen = np.array([codes[color] for color in painted], np.uint8)[instance_map[top:bottom, left:right]]
    colors = [member.color for member in members]
    silhouettes = [_to_bits(_placed(member, left, top, w, h)) for member in members]
    of_color = {color: _to_bits(seen == codes[color]) for color in set(colors)}
    forbidden = [bits & ~of_color[color] for bits, color in zip(silhouettes, colors, strict=True)]
    return _Group((left, top, w, h), are_targets, colors, silhouettes, forbidden)


def _overlapping(instances: Sequence[Instance]) -> list[list[int]]:
    """Returns the groups of two or more whose boxes overlap, directly or through others."""
    groups: list[list[int]] = []
    for member, instance in enumerate(instances):
        touching = [group for group in groups if any(boxes_overlap(instance.box, instances[other].box) for other in group)]
        merged = [other for group in touching for other in group] + [member]
        groups = [group for group in groups if group not in touching] + [merged]
    return [sorted(group) for group in groups if len(group) > 1]


def _placed(instance: Instance, left: int, top: int, w: int, h: int) -> NDArray[np.bool_]:
    mask = np.zeros((h, w), bool)
    x, y, width, height = instance.box
    mask[y - top : y - top + height, x - left : x - left + width] = (
        silhouette(instance.kind, width, height, instance.form)[0] != 0
    )
    return mask


def _union(bits: Sequence[int] | Iterator[int]) -> int:
    union = 0
    for each in bits:
        union |= each
    return union


def _to_bits(mask: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")


def _to_mask(bits: int, w: int, h: int) -> NDArray[np.bool_]:
    octets = np.frombuffer(bits.to_bytes(-(-w * h // 8), "little"), np.uint8)
    return np.unpackbits(octets, count=w * h, bitorder="little").reshape(h, w).astype(bool)
