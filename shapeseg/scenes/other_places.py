"""Where one shape of a group could be instead, so that the image may stay: any sides of a rectangle, one side of any kind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shapeseg.scenes.instance import Box, Instance, bounding_box
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.settings import SceneSettings
from shapeseg.scenes.shape_group import BeyondSearchError, Mask, ShapeGroup

_MAX_PLACES = 2000  # for one shape in one order
_FULL_IN_THE_MIDDLE = ("rectangle", "ellipse")  # whose middle row and column reach from side to side


def is_fixed(group: ShapeGroup, moved: int) -> bool:
    """Whether no side of a rectangle can be elsewhere: all of it must be seen, and nothing next to it may be covered."""
    own = group.members[moved]
    left, top, w, h = group.region
    x, y, width, height = own.box
    free = group.mask(group.reach(moved))
    alone = group.mask(group.only_own(moved))
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


def rectangles(group: ShapeGroup, must: int, avoid: Mask) -> Iterator[Box]:
    """Yields the boxes of every rectangle that covers some pixels, avoids others and could have been drawn."""
    left, top, w, h = group.region
    least, most = group.rule.scene.min_size, group.rule.scene.max_size
    box = bounding_box(group.mask(must))
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
        raise BeyondSearchError
    for x in lefts:
        for right in rights:
            if not least <= right - x <= most:
                continue
            for y in tops:
                for bottom in bottoms:
                    if least <= bottom - y <= most and not avoid[y:bottom, x:right].any():
                        yield x + left, y + top, right - x, bottom - y


def one_side_elsewhere(group: ShapeGroup, moved: int) -> Iterator[tuple[Instance, int, Mask]]:
    """Yields a shape with one side elsewhere, wherever some order might allow that: shape, bits and mask."""
    own, (left, top, _, _) = group.members[moved], group.region
    reach, alone = group.reach(moved), group.only_own(moved)
    possible = group.mask(reach)
    for box, (row, column) in _boxes(group, own.box, bounding_box(group.mask(alone))):
        group.go_on()
        x, y, w, h = box
        # Few go on: a longer shape shows the pixel next to the middle of its old side, which the image often denies.
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
        mask = group.placed(instance)
        bits = group.bits(mask)
        if not bits & ~reach and not alone & ~bits and np.count_nonzero(mask) == area:
            yield instance, bits, mask


def _boxes(group: ShapeGroup, box: Box, sure: Box | None) -> Iterator[tuple[Box, tuple[int, int]]]:
    """Yields boxes with one side elsewhere, around what is surely seen in the region, if anything is.

    With each comes the pixel of the image, row and column, next to the middle of the old side.
    """
    x, y, w, h = box
    right, bottom = x + w, y + h
    rule, (left, top, _, _) = group.rule.scene, group.region
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
