"""A witness for each ambiguous pixel: another scene that could have been drawn, gives the image, and another label there.

Found by painting, apart from the search: orders of the overlapping shapes, then one to four sides of one of them elsewhere.
"""

from dataclasses import replace
from itertools import combinations, combinations_with_replacement, permutations, product

import numpy as np
from every_scene import overlap

from shapeseg.scenes.kinds import silhouette


def without_witness(scene, settings, meets_rule):
    """Returns the ambiguous pixels of a scene, bool (H, W), that no other scene is found for.

    Args:
        scene: To look at.
        settings: Which boxes there could be.
        meets_rule: Called with a scene.
    """
    truth = scene.render()
    left = truth.ambiguous.copy()
    for members in _groups(scene):
        if len(members) > 1:
            for other in _others(scene, truth.image, members, settings, left):
                changed = other.render().target() != truth.target()
                if (changed & left).any() and meets_rule(other):
                    left &= ~changed
                if not left.any():
                    return left
    return left


def _groups(scene):
    """Returns the places of shapes that overlap, directly or through others."""
    groups = []
    for place, instance in enumerate(scene.instances):
        touched = [group for group in groups if any(overlap(instance.box, scene.instances[other].box) for other in group)]
        groups = [group for group in groups if group not in touched] + [
            [place, *(each for group in touched for each in group)]
        ]
    return [sorted(group) for group in groups]


def _others(scene, image, members, settings, left):
    """Yields scenes that give the image, those with fewer sides elsewhere first."""
    boxes = [scene.instances[each].box for each in members]
    x0, y0 = max(min(box[0] for box in boxes) - 1, 0), max(min(box[1] for box in boxes) - 1, 0)
    x1, y1 = max(box[0] + box[2] for box in boxes) + 1, max(box[1] + box[3] for box in boxes) + 1
    crop = image[y0:y1, x0:x1]
    if not left[y0:y1, x0:x1].any():
        return
    corner, shape = (x0, y0), crop.shape[:2]
    masks = {each: _mask(instance, corner, shape) for each, instance in enumerate(scene.instances)}
    apart = [each for each in masks if each not in members]
    for sides in range(5):
        for order in permutations(members):
            for moved in order if sides else order[:1]:
                if sides > 1 and scene.instances[moved].kind != "rectangle":
                    continue
                for box in _boxes(scene, crop, corner, masks, [*order, *apart], moved, sides, settings):
                    yield _ordered(scene, members, order, moved, box)


def _boxes(scene, crop, corner, masks, order, moved, sides, settings):
    """Yields where a shape could be so that the image stays, with that many sides elsewhere."""
    own, nowhere = scene.instances[moved], np.zeros(crop.shape[:2], bool)
    if not sides:
        if np.array_equal(_paint(scene, crop, masks, order), crop):
            yield own.box
        return
    hidden = np.any([nowhere, *(masks[each] for each in order[order.index(moved) + 1 :])], axis=0)
    wrong = (_paint(scene, crop, masks, [each for each in order if each != moved]) != crop).any(axis=-1)
    free = hidden | (crop == own.color).all(axis=-1)
    if (wrong & (hidden | ~free)).any():
        return
    candidates = _one_side(own.box, settings) if sides == 1 else _more_sides(own.box, wrong, corner, sides, settings)
    for x, y, w, h in candidates:
        inside = (
            corner[0] <= x and corner[1] <= y and x + w <= corner[0] + crop.shape[1] and y + h <= corner[1] + crop.shape[0]
        )
        if inside:
            mask = _mask(own._replace(box=(x, y, w, h)), corner, crop.shape[:2])
            if not (mask & ~free).any() and not (wrong & ~mask).any():
                yield x, y, w, h


def _one_side(box, settings):
    x, y, w, h = box
    for size in range(settings.min_size, settings.max_size + 1):
        yield from ((x + w - size, y, size, h), (x, y, size, h), (x, y + h - size, w, size), (x, y, w, size))


def _more_sides(box, wrong, corner, sides, settings):
    """Yields boxes around the wrong pixels; without any, the shape leaves no trace, and none is looked at."""
    if not wrong.any():
        return
    rows, columns = np.flatnonzero(wrong.any(axis=1)) + corner[1], np.flatnonzero(wrong.any(axis=0)) + corner[0]
    x, y, w, h = box
    ends = []
    for first, last in ((columns[0], columns[-1] + 1), (rows[0], rows[-1] + 1)):
        ends += [range(last - settings.max_size, first + 1), range(last, first + settings.max_size + 1)]
    old = (x, x + w, y, y + h)
    for chosen in combinations(range(4), sides):
        choices = [[end for end in ends[side] if end != old[side]] if side in chosen else [old[side]] for side in range(4)]
        for left, right, top, bottom in product(*choices):
            if all(settings.min_size <= size <= settings.max_size for size in (right - left, bottom - top)):
                yield int(left), int(top), int(right - left), int(bottom - top)


def _mask(instance, corner, shape):
    """Returns the part of a silhouette that lies in a crop."""
    x, y, w, h = instance.box
    whole = np.zeros((shape[0] + 2 * h, shape[1] + 2 * w), bool)
    row, column = min(max(y - corner[1], -h), shape[0]) + h, min(max(x - corner[0], -w), shape[1]) + w
    whole[row : row + h, column : column + w] = silhouette(instance.kind, w, h, instance.form)[0] != 0
    return whole[h : h + shape[0], w : w + shape[1]]


def _paint(scene, crop, masks, order):
    painted = np.empty_like(crop)
    painted[:] = scene.background
    for each in order:
        painted[masks[each]] = scene.instances[each].color
    return painted


def _ordered(scene, members, order, moved, box):
    """Returns a scene with a group in another order, and one of its shapes elsewhere."""
    instances = list(scene.instances)
    for place, each in zip(members, order, strict=True):
        own = scene.instances[each]
        instances[place] = own._replace(box=box) if each == moved else own
    return replace(scene, instances=tuple(instances))


def told_by_two_moves(scene, settings):
    """Returns the pixels, bool (H, W), that count as told, and that two sides at once would change: a stronger search.

    In the order that was drawn, one side each of two shapes that overlap, or two sides of one, are elsewhere.
    """
    truth = scene.render()
    found = np.zeros(truth.mask.shape, bool)
    for one, other in combinations_with_replacement(range(len(scene.instances)), 2):
        boxes = [scene.instances[each].box for each in (one, other)]
        if one != other and not overlap(*boxes):
            continue
        for first in _one_side(boxes[0], settings):
            moved = list(scene.instances)
            moved[one] = moved[one]._replace(box=first)
            # What is wrong after the first move must be where the second can be.
            wrong = _changed(scene, moved, truth, _union(boxes[0], first))
            if wrong is None or (one != other and not _within(wrong, boxes[1], settings.max_size)):
                continue
            for second in _one_side(moved[other].box, settings):
                both = list(moved)
                both[other] = both[other]._replace(box=second)
                area = _union(_union(boxes[0], first), _union(boxes[1], second))
                if _changed(scene, both, truth, area) == ():
                    labels = replace(scene, instances=tuple(both)).render().target()
                    found |= (labels != truth.target()) & ~truth.ambiguous
    return found


def _changed(scene, instances, truth, area):
    """Returns the bounding box of the pixels of an area that moves have changed: () for none, None off the canvas."""
    x, y, w, h = area
    for each in instances:
        if min(each.box) < 0 or each.box[0] + each.box[2] > scene.width or each.box[1] + each.box[3] > scene.height:
            return None
    crop = truth.image[y : y + h, x : x + w]
    near = [each for each in instances if overlap(each.box, area)]
    painted = np.empty_like(crop)
    painted[:] = scene.background
    for each in near:
        painted[_mask(each, (x, y), crop.shape[:2])] = each.color
    wrong = (painted != crop).any(axis=-1)
    if not wrong.any():
        return ()
    rows, columns = np.flatnonzero(wrong.any(axis=1)), np.flatnonzero(wrong.any(axis=0))
    return x + columns[0], y + rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1


def _union(one, other):
    (x, y, w, h), (a, b, c, d) = one, other
    left, top = min(x, a), min(y, b)
    return left, top, max(x + w, a + c) - left, max(y + h, b + d) - top


def _within(wrong, box, reach):
    """Whether pixels, if any, lie where a shape could be that has one side elsewhere."""
    x, y, w, h = box
    left, top, right, bottom = x + w - reach, y + h - reach, x + reach, y + reach
    return not wrong or (
        left <= wrong[0] and top <= wrong[1] and wrong[0] + wrong[2] <= right and wrong[1] + wrong[3] <= bottom
    )
