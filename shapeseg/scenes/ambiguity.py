"""Ambiguity: which other scenes give the identical image, and so how probable it is that a pixel is rectangle.

Two shapes of one colour overlap, a rectangle and an ellipse: nothing in the image says which is in front. A rectangle runs on
behind another shape: nothing says how far. The search looks at every depth order of the same shapes and, in each, at every
place that one of them could have instead: of a rectangle any of its sides may lie elsewhere, of another kind one side, and one
side of a rectangle that leaves no trace in the order. It leaves out other moves of what leaves no trace, shapes that nobody
drew, moves of several shapes at once, and moves of several sides of an ellipse.
A scene found must meet the rule by which scenes were chosen. It weighs as its boxes are drawn: 1 / ((W - w + 1) (H - h + 1)) a
shape.

Only shapes that touch, directly or through others, restrict each other; each such group is searched by itself, and only if
two of its members could be confused. The search goes from front to back. The next shape may follow when all that it would
newly show has its colour in the image; the one that is moved may follow anywhere, and what those behind it would wrongly show
is what it must cover. So the states are sets of shapes, not orders: equal ones are counted together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.instance import Box, Instance
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.other_places import is_fixed, one_side_elsewhere, rectangles
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.settings import Color
from shapeseg.scenes.shape_group import BeyondSearchError, InstanceMap, Mask, ShapeGroup, is_near, touching

MAX_GROUP = 12
"""Groups of more shapes are not searched."""

_MAX_STATES = 10_000  # of a group, in a step of the search


@dataclass(frozen=True)
class _Order:
    """What orders have in common that show the same.

    Attributes:
        front: Set of shapes in front of the moved one.
        must: Pixels that the moved one must cover.
        shown: Pixels that targets show, where the moved one does not hide them; where occlusion decides which scenes there
            are, those that each shape shows.
    """

    front: int
    must: int
    shown: tuple[int, ...]


def open_regions(
    labels: Mask,
    instances: Sequence[Instance],
    are_targets: Sequence[bool],
    background: Color,
    instance_map: InstanceMap,
    rule: Rule,
    give_up: Callable[[], bool] | None = None,
) -> list[tuple[Box, NDArray[np.float64]]]:
    """Returns the regions in which scenes were looked for, and in each the share of them that shows a visible target.

    Elsewhere no other label is found. A share, float64 (h, w), is 0 or 1 where none is found here, too, and NaN on every shape
    of a group that is beyond the search.

    Args:
        labels: bool (H, W), visible target pixels.
        instances: Instances of a scene, from back to front.
        are_targets: Whether a model must find each.
        background: Background of the scene.
        instance_map: uint8 (H, W), of the rendered scene.
        rule: By which the scene was chosen.
        give_up: Asked again and again; once it says so, the groups not searched to their end are beyond the search.
    """
    if not _confusable(range(len(instances)), instances, are_targets, background, rule):
        return []
    found = []
    for members in touching(instances, background, rule):
        if _confusable(members, instances, are_targets, background, rule):
            group = ShapeGroup(members, instances, are_targets, background, instance_map, rule, give_up)
            x, y, w, h = group.region
            found.append((group.region, _search(group, labels[y : y + h, x : x + w])))
    return found


def _search(group: ShapeGroup, labels: Mask) -> NDArray[np.float64]:
    """Returns the share of target in the region, float64 (h, w), whose labels are those that were drawn."""
    try:
        if len(group.members) > MAX_GROUP:
            raise BeyondSearchError
        return _sum_up(group, labels.shape).shares(labels)
    except BeyondSearchError:
        return np.where(group.mask(group.everything), np.nan, labels)


def _sum_up(group: ShapeGroup, shape: tuple[int, ...]) -> _Sums:
    """Looks at every order, and at every place that one shape could have in it."""
    sums = _Sums(shape)
    for order, count in _orders(group, None).items():
        if _is_admitted(group, order, None, None):
            shown = _shown_by_targets(group, order.shown)
            sums.add(count, 1.0, shown, None, None, moved_is_target=False)
    for moved in group.places:
        own = group.members[moved]
        if own.kind == "rectangle" and is_fixed(group, moved):
            continue
        one_side = None if own.kind == "rectangle" else list(one_side_elsewhere(group, moved))
        if one_side is not None and not one_side:
            continue
        for order, count in _orders(group, moved).items():
            if one_side is None and not order.must:
                one_side = list(one_side_elsewhere(group, moved))
            any_side = own.kind == "rectangle" and order.must
            _add_moves(group, sums, moved, order, count, None if any_side else one_side)
    return sums


def _orders(group: ShapeGroup, moved: int | None) -> Mapping[_Order, int]:
    """Counts the depth orders that may keep the image, one shape being anywhere."""
    covers, everything = group.covers, len(group.covers) - 1
    reach = -1 if moved is None else group.reach(moved)
    nothing = (0,) * (len(group.members) if group.apart else 1)
    states: dict[tuple[int, int, int, tuple[int, ...]], int] = {(0, -1, 0, nothing): 1}
    for _ in group.places:
        following: dict[tuple[int, int, int, tuple[int, ...]], int] = {}
        for (placed, front, must, shown), count in states.items():
            group.go_on()
            cover = covers[placed & ~(1 << moved)] if moved is not None else covers[placed]
            for member in group.places:
                if placed >> member & 1:
                    continue
                if member == moved:
                    state = (placed | 1 << member, placed, must, shown)
                else:
                    needed = group.forbidden[member] & ~cover
                    if needed and (front < 0 or needed & ~reach):
                        continue
                    new = group.silhouettes[member] & ~cover
                    if group.apart:
                        newly = (*shown[:member], new, *shown[member + 1 :])
                    else:
                        newly = (shown[0] | new,) if group.is_target[member] else shown
                    state = (placed | 1 << member, front, must | needed, newly)
                following[state] = following.get(state, 0) + count
            if len(following) > _MAX_STATES:
                raise BeyondSearchError
        states = following
    if moved is None:
        return {_Order(everything, 0, shown): count for (_, _, _, shown), count in states.items()}
    left_over = group.painted & ~covers[everything & ~(1 << moved)]
    return {
        _Order(front, must | (left_over & ~covers[front]), shown): count
        for (_, front, must, shown), count in states.items()
        if not left_over & ~reach
    }


def _add_moves(
    group: ShapeGroup, sums: _Sums, moved: int, order: _Order, count: int, places: Sequence[tuple[Instance, int, Mask]] | None
) -> None:
    """Adds the scenes in which one shape is elsewhere, and those of an order, to the sums."""
    own, cover = group.members[moved], group.covers[order.front]
    hidden = group.mask(cover)
    avoid = ~hidden & ~group.has_color[own.color]
    covered, total, own_weight = np.zeros(hidden.shape), 0.0, _weight(group, own)
    if places is None:
        for box in rectangles(group, order.must, avoid):
            group.go_on()
            instance = own._replace(box=box)
            rows, columns = group.slices(box)
            if box == own.box or not _is_admitted(group, order, moved, instance):
                continue
            weight = _weight(group, instance) / own_weight
            covered[rows, columns] += weight
            total += weight
    else:
        for instance, bits, mask in places:
            group.go_on()
            if order.must & ~bits or (mask & avoid).any() or not _is_admitted(group, order, moved, instance, bits):
                continue
            weight = _weight(group, instance) / own_weight
            covered += weight * mask
            total += weight
    if total:
        shown = _shown_by_targets(group, order.shown)
        sums.add(count, total, shown, covered, hidden, moved_is_target=group.is_target[moved])


def _weight(group: ShapeGroup, instance: Instance) -> float:
    """Returns how often a shape of this box is drawn, but for what all boxes have in common."""
    _, _, w, h = instance.box
    return 1 / ((group.rule.scene.width - w + 1) * (group.rule.scene.height - h + 1))


def _shown_by_targets(group: ShapeGroup, shown: Sequence[int]) -> Mask:
    if not group.apart:
        return group.mask(shown[0])
    bits = 0
    for each, is_target in zip(shown, group.is_target, strict=True):
        bits |= each if is_target else 0
    return group.mask(bits)


def _is_admitted(
    group: ShapeGroup, order: _Order, moved: int | None, instance: Instance | None, bits: int | None = None
) -> bool:
    """Whether a scene found meets the rule: one of an order, or one in which a shape is elsewhere."""
    if not group.apart:
        return True
    members, shown = list(group.members), list(order.shown)
    if moved is not None and instance is not None:
        members[moved] = instance
        bits = group.bits(group.placed(instance)) if bits is None else bits
        behind = [place for place in group.places if place != moved and not order.front >> place & 1]
        for place in behind:
            shown[place] &= ~bits
        shown[moved] = bits & ~group.covers[order.front]
    rates = []
    for each, part in zip(members, shown, strict=True):
        area = silhouette(each.kind, each.box[2], each.box[3], each.form)[1]
        rates.append(1.0 - part.bit_count() / area)
    return group.rule.admits(members, rates, group.others)


class _Sums:
    """Scenes gathered: how much they weigh, and how much of that shows a target at each pixel."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._total = 0.0
        self._target = np.zeros(shape)
        self._seen = np.zeros((2, *shape), bool)  # whether any scene shows something else, or a target

    def add(
        self,
        count: int,
        weight: float,
        shown: Mask,
        covered: NDArray[np.float64] | None,
        hidden: Mask | None,
        *,
        moved_is_target: bool,
    ) -> None:
        """Adds ``count`` orders of scenes that weigh ``weight`` together.

        Args:
            count: How many orders.
            weight: Total weight of all places of the moved shape.
            shown: bool (h, w), where targets are seen that the moved shape does not hide.
            covered: float64 (h, w), the weight of the places that cover a pixel; None if nothing is moved.
            hidden: bool (h, w), what is in front of the moved shape.
            moved_is_target: Whether it is one.
        """
        self._total += count * weight
        if covered is None or hidden is None:
            self._target[shown] += count * weight
            self._seen[0] |= ~shown
            self._seen[1] |= shown
            return
        here = np.where(hidden, 0.0, covered)
        uncovered = weight - here
        target = np.where(shown, uncovered, 0.0) + (here if moved_is_target else 0.0)
        self._target += count * target
        self._seen[1] |= (shown & (uncovered > 0)) | ((here > 0) if moved_is_target else False)
        self._seen[0] |= (~shown & (uncovered > 0)) | (False if moved_is_target else (here > 0))

    def shares(self, labels: Mask) -> NDArray[np.float64]:
        """Returns the share of target, exactly the label where every scene has it."""
        return np.where(self._seen.all(axis=0), self._target / self._total, labels)


def _confusable(
    members: Sequence[int], instances: Sequence[Instance], are_targets: Sequence[bool], background: Color, rule: Rule
) -> bool:
    """Whether two members could be confused: of one colour, one a target and the other not, where one may reach the other."""
    most = rule.scene.max_size
    for place, member in enumerate(members):
        one, is_target = instances[member], are_targets[member]
        if is_target and one.color == background:
            return True
        for other in members[:place]:
            two = instances[other]
            if one.color == two.color and is_target != are_targets[other]:
                apart = max(most - min(one.box[2:]), most - min(two.box[2:]), 0)  # how far a side may move
                if is_near(one.box, two.box, apart + 1):
                    return True
    return False
