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
is what it must cover. So the states are sets of shapes, not orders: equal ones are counted together. Silhouettes are Python
integers, one bit a pixel of the group's region, which makes unions and tests single operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.instance import Box, Instance, bounding_box
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.settings import Color, SceneSettings

InstanceMap = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MAX_GROUP = 12
"""Groups of more shapes are not searched."""

_MAX_STATES, _MAX_PLACES = 10_000, 2000  # of a group: in a step of the search, and for one shape in one order


_FULL_IN_THE_MIDDLE = ("rectangle", "ellipse")  # whose middle row and column reach from side to side


class _BeyondSearchError(Exception):
    """A group whose search would take too long."""


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
) -> list[tuple[Box, NDArray[np.float64]]]:
    """Returns the regions in which scenes were looked for, and in each the share of them that shows a visible target.

    Elsewhere no other label is found. A share, float64 (h, w), is 0 or 1 where none is found here, too, and NaN on every shape
    of a group that is beyond the search.

    Args:
        labels: bool (H, W), visible target pixels.
        instances: Of a scene, from back to front.
        are_targets: Whether a model must find each.
        background: Of the scene.
        instance_map: uint8 (H, W), of the rendered scene.
        rule: By which the scene was chosen.
    """
    if not _confusable(range(len(instances)), instances, are_targets, background, rule):
        return []
    found = []
    for members in _touching(instances, background, rule):
        if _confusable(members, instances, are_targets, background, rule):
            group = _Group(members, instances, are_targets, background, instance_map, rule)
            x, y, w, h = group.region
            found.append((group.region, group.search(labels[y : y + h, x : x + w])))
    return found


class _Group:
    """Shapes that touch each other, directly or through others, in a region of the image."""

    def __init__(
        self,
        members: Sequence[int],
        instances: Sequence[Instance],
        are_targets: Sequence[bool],
        background: Color,
        instance_map: InstanceMap,
        rule: Rule,
    ) -> None:
        self.rule = rule
        self.apart = rule.asks_for_occlusion  # then what each shape shows must be known apart
        self.members = [instances[each] for each in members]
        self.others = [instances[each].box for each in range(len(instances)) if each not in members]
        self.is_target = [are_targets[each] for each in members]
        self.places = range(len(members))
        height, width = instance_map.shape
        margin = rule.scene.max_size if any(each.color == background for each in self.members) else 1
        boxes = [each.box for each in self.members]
        left, top = max(min(box[0] for box in boxes) - margin, 0), max(min(box[1] for box in boxes) - margin, 0)
        right = min(max(x + w for x, _, w, _ in boxes) + margin, width)
        bottom = min(max(y + h for _, y, _, h in boxes) + margin, height)
        self.region: Box = (left, top, right - left, bottom - top)
        numbers = instance_map[top:bottom, left:right]
        codes = {color: code for code, color in enumerate(dict.fromkeys([background, *(each.color for each in instances)]))}
        seen = np.array([codes[background], *(codes[each.color] for each in instances)], np.uint8)[numbers]
        own = np.array([True, *(each in members for each in range(len(instances)))])[numbers]  # or of a shape that is apart
        self.has_color = {each.color: (seen == codes[each.color]) & own for each in self.members}
        of_color = {color: self.bits(mask) for color, mask in self.has_color.items()}
        self.painted = self.bits((seen != codes[background]) & own)
        self.silhouettes = [self.bits(self.placed(each)) for each in self.members]
        # What a shape may show nowhere: something in front must cover it.
        self.forbidden = [bits & ~of_color[each.color] for bits, each in zip(self.silhouettes, self.members, strict=True)]

    @cached_property
    def covers(self) -> list[int]:
        """What each set of members covers, the empty one first."""
        covers = [0]
        for bits in self.silhouettes:
            covers += [cover | bits for cover in covers]
        return covers

    def bits(self, mask: Mask) -> int:
        """Returns a mask of the region, bool (h, w), as a number of one bit a pixel."""
        return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")

    def mask(self, bits: int) -> Mask:
        """Undoes :meth:`bits`."""
        _, _, w, h = self.region
        octets = np.frombuffer(bits.to_bytes(-(-w * h // 8), "little"), np.uint8)
        return np.unpackbits(octets, count=w * h, bitorder="little").reshape(h, w).view(bool)

    def placed(self, instance: Instance) -> Mask:
        """Returns the silhouette of a shape in the region; its box may reach over the edge, its pixels must not."""
        left, top, w, h = self.region
        x, y, width, height = instance.box
        mask = np.zeros((h, w), bool)
        stencil = silhouette(instance.kind, width, height, instance.form)[0]
        first_row, first_column = max(top - y, 0), max(left - x, 0)
        part = stencil[first_row : top + h - y, first_column : left + w - x]
        row, column = y + first_row - top, x + first_column - left
        mask[row : row + part.shape[0], column : column + part.shape[1]] = part != 0
        return mask

    def search(self, labels: Mask) -> NDArray[np.float64]:
        """Returns the share of target in the region, float64 (h, w), whose labels are those that were drawn."""
        try:
            if len(self.members) > MAX_GROUP:
                raise _BeyondSearchError
            return self._sum_up(labels.shape).shares(labels)
        except _BeyondSearchError:
            return np.where(self.mask(self.covers[-1]), np.nan, labels)

    def _sum_up(self, shape: tuple[int, ...]) -> _Sums:
        """Looks at every order, and at every place that one shape could have in it."""
        sums = _Sums(shape)
        for order, count in self._orders(None).items():
            if self._is_admitted(order, None, None):
                shown = self._shown_by_targets(order.shown)
                sums.add(count, 1.0, shown, None, None, moved_is_target=False)
        for moved in self.places:
            own = self.members[moved]
            if own.kind == "rectangle" and self._is_fixed(moved):
                continue
            one_side = None if own.kind == "rectangle" else list(self._one_side_elsewhere(moved))
            if one_side is not None and not one_side:
                continue
            for order, count in self._orders(moved).items():
                if one_side is None and not order.must:
                    one_side = list(self._one_side_elsewhere(moved))
                any_side = own.kind == "rectangle" and order.must
                self._add_moves(sums, moved, order, count, None if any_side else one_side)
        return sums

    def _orders(self, moved: int | None) -> Mapping[_Order, int]:
        """Counts the depth orders that may keep the image, one shape being anywhere."""
        covers, everything = self.covers, len(self.covers) - 1
        reach = -1 if moved is None else self._reach(moved)
        nothing = (0,) * (len(self.members) if self.apart else 1)
        states: dict[tuple[int, int, int, tuple[int, ...]], int] = {(0, -1, 0, nothing): 1}
        for _ in self.places:
            following: dict[tuple[int, int, int, tuple[int, ...]], int] = {}
            for (placed, front, must, shown), count in states.items():
                cover = covers[placed & ~(1 << moved)] if moved is not None else covers[placed]
                for member in self.places:
                    if placed >> member & 1:
                        continue
                    if member == moved:
                        state = (placed | 1 << member, placed, must, shown)
                    else:
                        needed = self.forbidden[member] & ~cover
                        if needed and (front < 0 or needed & ~reach):
                            continue
                        new = self.silhouettes[member] & ~cover
                        if self.apart:
                            newly = (*shown[:member], new, *shown[member + 1 :])
                        else:
                            newly = (shown[0] | new,) if self.is_target[member] else shown
                        state = (placed | 1 << member, front, must | needed, newly)
                    following[state] = following.get(state, 0) + count
            states = following
            if len(states) > _MAX_STATES:
                raise _BeyondSearchError
        if moved is None:
            return {_Order(everything, 0, shown): count for (_, _, _, shown), count in states.items()}
        left_over = self.painted & ~covers[everything & ~(1 << moved)]
        return {
            _Order(front, must | (left_over & ~covers[front]), shown): count
            for (_, front, must, shown), count in states.items()
            if not left_over & ~reach
        }

    def _reach(self, moved: int) -> int:
        """Returns the pixels that a shape might show or be hidden at, wherever it is."""
        own = self.members[moved]
        hidden = self.covers[(len(self.covers) - 1) & ~(1 << moved)]
        return self.bits(self.has_color[own.color]) | hidden

    def _is_fixed(self, moved: int) -> bool:
        """Whether no side of a rectangle can be elsewhere: all of it must be seen, and nothing beside it may be covered."""
        own = self.members[moved]
        left, top, w, h = self.region
        x, y, width, height = own.box
        free = self.mask(self._reach(moved))
        alone = self.mask(self.only_own(moved))
        columns, rows = slice(x - left, x - left + width), slice(y - top, y - top + height)
        sure = alone[rows, columns]
        if not (sure[0].any() and sure[-1].any() and sure[:, 0].any() and sure[:, -1].any()):
            return False
        strips = (
            x > left and free[rows, columns.start - 1].all(),
            columns.stop < w and free[rows, columns.stop].all(),
            y > top and free[rows.start - 1, columns].all(),
            rows.stop < h and free[rows.stop, columns].all(),
        )
        return not any(strips)

    def only_own(self, moved: int) -> int:
        """Returns the pixels of a shape's colour that no other shape of that colour covers: it alone can show them."""
        own = self.members[moved]
        same = [
            bits
            for place, (bits, each) in enumerate(zip(self.silhouettes, self.members, strict=True))
            if place != moved and each.color == own.color
        ]
        alone = self.bits(self.has_color[own.color]) & self.painted
        for bits in same:
            alone &= ~bits
        return alone

    def _add_moves(
        self, sums: _Sums, moved: int, order: _Order, count: int, places: Sequence[tuple[Instance, int, Mask]] | None
    ) -> None:
        """Adds the scenes in which one shape is elsewhere, and those of an order, to the sums."""
        own, cover = self.members[moved], self.covers[order.front]
        hidden = self.mask(cover)
        avoid = ~hidden & ~self.has_color[own.color]
        covered, total = np.zeros(hidden.shape), 0.0
        if places is None:
            for box in self._rectangles(order.must, avoid):
                instance = own._replace(box=box)
                rows, columns = self._slices(box)
                if box == own.box or not self._is_admitted(order, moved, instance):
                    continue
                weight = self._weight(instance) / self._weight(own)
                covered[rows, columns] += weight
                total += weight
        else:
            for instance, bits, mask in places:
                if order.must & ~bits or (mask & avoid).any() or not self._is_admitted(order, moved, instance, bits):
                    continue
                weight = self._weight(instance) / self._weight(own)
                covered += weight * mask
                total += weight
        if total:
            shown = self._shown_by_targets(order.shown)
            sums.add(count, total, shown, covered, hidden, moved_is_target=self.is_target[moved])

    def _slices(self, box: Box) -> tuple[slice, slice]:
        left, top, _, _ = self.region
        x, y, w, h = box
        return slice(y - top, y - top + h), slice(x - left, x - left + w)

    def _weight(self, instance: Instance) -> float:
        """Returns how often a shape of this box is drawn, but for what all boxes have in common."""
        _, _, w, h = instance.box
        return 1 / ((self.rule.scene.width - w + 1) * (self.rule.scene.height - h + 1))

    def _rectangles(self, must: int, avoid: Mask) -> Iterator[Box]:
        """Yields the boxes of every rectangle that covers some pixels, avoids others and could have been drawn."""
        left, top, w, h = self.region
        least, most = self.rule.scene.min_size, self.rule.scene.max_size
        box = bounding_box(self.mask(must))
        if box is None:
            return
        first_column, first_row, last_column, last_row = box[0], box[1], box[0] + box[2], box[1] + box[3]
        if avoid[first_row:last_row, first_column:last_column].any() or max(box[2:]) > most:
            return
        across = np.asarray(avoid[first_row:last_row].any(axis=0))
        down = np.asarray(avoid[:, first_column:last_column].any(axis=1))
        lefts = list(_free_before(across, first_column, last_column - most))
        rights = list(_free_after(across, last_column, min(first_column + most, w)))
        tops = list(_free_before(down, first_row, last_row - most))
        bottoms = list(_free_after(down, last_row, min(first_row + most, h)))
        if len(lefts) * len(rights) * len(tops) * len(bottoms) > _MAX_PLACES:
            raise _BeyondSearchError
        for x in lefts:
            for right in rights:
                if not least <= right - x <= most:
                    continue
                for y in tops:
                    for bottom in bottoms:
                        if least <= bottom - y <= most and not avoid[y:bottom, x:right].any():
                            yield x + left, y + top, right - x, bottom - y

    def _one_side_elsewhere(self, moved: int) -> Iterator[tuple[Instance, int, Mask]]:
        """Yields a shape with one side elsewhere, wherever some order might allow that: shape, bits and mask."""
        own, (left, top, _, _) = self.members[moved], self.region
        reach, alone = self._reach(moved), self.only_own(moved)
        possible = self.mask(reach)
        for box, (row, column) in self._boxes(own.box, bounding_box(self.mask(alone))):
            x, y, w, h = box
            # Few go on: a longer shape shows the pixel beside the middle of its old side, which the image often denies.
            denied = (w > own.box[2] or h > own.box[3]) and not possible[row - top, column - left]
            if denied and own.kind in _FULL_IN_THE_MIDDLE:
                continue
            stencil, area = silhouette(own.kind, w, h, own.form)
            if denied and stencil[row - y, column - x]:
                continue
            inside = possible[max(y - top, 0) : y - top + h, max(x - left, 0) : x - left + w]
            if inside.shape == stencil.shape and np.count_nonzero(stencil[inside]) < area:
                continue
            instance = own._replace(box=box)
            mask = self.placed(instance)
            bits = self.bits(mask)
            if not bits & ~reach and not alone & ~bits and np.count_nonzero(mask) == area:
                yield instance, bits, mask

    def _boxes(self, box: Box, sure: Box | None) -> Iterator[tuple[Box, tuple[int, int]]]:
        """Yields boxes with one side elsewhere, around what is surely seen in the region, if anything is.

        With each comes the pixel of the image, row and column, beside the middle of the old side.
        """
        x, y, w, h = box
        right, bottom = x + w, y + h
        rule, (left, top, _, _) = self.rule.scene, self.region
        first_x, last_x, first_y, last_y = right, x, bottom, y
        if sure is not None:
            first_x, last_x = left + sure[0], left + sure[0] + sure[2]
            first_y, last_y = top + sure[1], top + sure[1] + sure[3]
        for size in _sizes(rule, right - first_x, right, w):
            yield (right - size, y, size, h), (y + h // 2, x - 1)
        for size in _sizes(rule, last_x - x, rule.width - x, w):
            yield (x, y, size, h), (y + h // 2, right)
        for size in _sizes(rule, bottom - first_y, bottom, h):
            yield (x, bottom - size, w, size), (y - 1, x + w // 2)
        for size in _sizes(rule, last_y - y, rule.height - y, h):
            yield (x, y, w, size), (bottom, x + w // 2)

    def _shown_by_targets(self, shown: Sequence[int]) -> Mask:
        if not self.apart:
            return self.mask(shown[0])
        bits = 0
        for each, is_target in zip(shown, self.is_target, strict=True):
            bits |= each if is_target else 0
        return self.mask(bits)

    def _is_admitted(self, order: _Order, moved: int | None, instance: Instance | None, bits: int | None = None) -> bool:
        """Whether a scene found meets the rule: one of an order, or one in which a shape is elsewhere."""
        if not self.apart:
            return True
        members, shown = list(self.members), list(order.shown)
        if moved is not None and instance is not None:
            members[moved] = instance
            bits = self.bits(self.placed(instance)) if bits is None else bits
            behind = [place for place in self.places if place != moved and not order.front >> place & 1]
            for place in behind:
                shown[place] &= ~bits
            shown[moved] = bits & ~self.covers[order.front]
        rates = []
        for each, part in zip(members, shown, strict=True):
            area = silhouette(each.kind, each.box[2], each.box[3], each.form)[1]
            rates.append(1.0 - part.bit_count() / area)
        return self.rule.admits(members, rates, self.others)


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
            weight: Of all places of the moved shape.
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


def _sizes(rule: SceneSettings, least: int, most: int, own: int) -> Iterator[int]:
    """Yields the sizes that a shape of another could have."""
    return (size for size in range(max(rule.min_size, least), min(rule.max_size, most) + 1) if size != own)


def _free_before(blocked: Mask, start: int, last: int) -> Iterator[int]:
    """Yields places from ``start`` down to ``last`` until one before is blocked."""
    yield start
    while start > max(last, 0) and not blocked[start - 1]:
        start -= 1
        yield start


def _free_after(blocked: Mask, stop: int, last: int) -> Iterator[int]:
    """Yields ends from ``stop`` up to ``last`` until one after is blocked."""
    yield stop
    while stop < last and not blocked[stop]:
        stop += 1
        yield stop


def _touching(instances: Sequence[Instance], background: Color, rule: Rule) -> list[list[int]]:
    """Returns the groups of shapes whose boxes touch, directly or through others; the background's colour reaches far."""
    reaches = [rule.scene.max_size if each.color == background else 1 for each in instances]
    groups: list[list[int]] = []
    for member, (own, reach) in enumerate(zip(instances, reaches, strict=True)):
        near = [
            group
            for group in groups
            if any(_is_near(own.box, instances[other].box, max(reach, reaches[other])) for other in group)
        ]
        merged = [other for group in near for other in group] + [member]
        groups = [group for group in groups if group not in near] + [merged]
    return [sorted(group) for group in groups]


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
                if _is_near(one.box, two.box, apart + 1):
                    return True
    return False


def _is_near(one: Box, other: Box, by: int) -> bool:
    """Whether two boxes share a pixel once one of them has grown."""
    (x, y, w, h), (a, b, c, d) = one, other
    return x - by < a + c and a - by < x + w and y - by < b + d and b - by < y + h
