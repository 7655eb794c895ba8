"""Every scene that could have given an image, found by painting them all: what the search for ambiguity must find, no less.

Written apart from the search: no bit sets, no merged orders. Each depth order is painted with each shape in every box that its
kind allows: a rectangle anywhere, any other kind with one side elsewhere, and a rectangle that leaves no trace with one, too.
"""

from itertools import pairwise, permutations

import numpy as np

from shapeseg.scenes.kinds import silhouette


def probability_of_rectangle(scene, settings, meets_rule):
    """Returns the share of scenes in which each pixel is rectangle, and whether it is in some but not in all.

    Args:
        scene: Few shapes on a small canvas.
        settings: Which boxes there could be.
        meets_rule: Called with the scene, the boxes, the occlusion rates and the order, back to front.
    """
    places = [_boxes(instance, settings) for instance in scene.instances]
    masks = [_masks(instance, boxes, scene) for instance, boxes in zip(scene.instances, places, strict=True)]
    own = [mask[boxes.index(each.box)] for each, mask, boxes in zip(scene.instances, masks, places, strict=True)]
    image = _paint(scene, own, range(len(own)))[0]
    total, target, seen = 0.0, np.zeros(image.shape), np.zeros((2, *image.shape), bool)
    for order in permutations(range(len(own))):
        for depth, moved in enumerate(order):
            for box, mask, labels in _alike(scene, image, order, depth, places[moved], masks[moved], own):
                if box == scene.instances[moved].box and depth:
                    continue  # the order as it is counts once
                boxes = [box if each == moved else instance.box for each, instance in enumerate(scene.instances)]
                shapes = [mask if each == moved else silhouette_ for each, silhouette_ in enumerate(own)]
                if meets_rule(scene, boxes, _rates(shapes, order), order):
                    weight = _weight(box, settings) / _weight(scene.instances[moved].box, settings)
                    total, target = total + weight, target + weight * labels
                    seen |= np.stack([~labels, labels])
    return target / total, seen.all(axis=0)


def _alike(scene, image, order, depth, boxes, masks, own):
    """Yields box, mask and labels of each place of the shape at a depth that gives the image, if it leaves a trace there."""
    moved = order[depth]
    behind, labels_behind = _paint(scene, own, order[:depth])
    front, labels_front = _paint(scene, own, order[depth + 1 :])
    covered = np.any([own[each] for each in order[depth + 1 :]] or [np.zeros(image.shape, bool)], axis=0)
    without = np.where(covered, front, behind)
    painted = np.where(covered, front, np.where(masks, _code(scene, scene.instances[moved].color), behind))
    for place in np.flatnonzero((painted == image).all(axis=(1, 2))):
        if not np.array_equal(without, image) or _sides_elsewhere(boxes[place], scene.instances[moved].box) < 2:
            own_labels = np.where(masks[place], scene.is_target(scene.instances[moved]), labels_behind)
            yield boxes[place], masks[place], np.where(covered, labels_front, own_labels)


def _sides_elsewhere(one, other):
    (x, y, w, h), (a, b, c, d) = one, other
    return (x != a) + (y != b) + (x + w != a + c) + (y + h != b + d)


def _boxes(instance, settings):
    x, y, w, h = instance.box
    sizes = range(settings.min_size, settings.max_size + 1)
    if instance.kind == "rectangle":
        corners = ((a, b) for a in range(settings.width) for b in range(settings.height))
        boxes = {(a, b, c, d) for a, b in corners for c in sizes for d in sizes}
    else:
        boxes = {instance.box}
        for size in sizes:
            boxes |= {(x + w - size, y, size, h), (x, y, size, h), (x, y + h - size, w, size), (x, y, w, size)}
    return [
        (a, b, c, d)
        for a, b, c, d in sorted(boxes)
        if a >= 0 and b >= 0 and a + c <= settings.width and b + d <= settings.height
    ]


def _masks(instance, boxes, scene):
    masks = np.zeros((len(boxes), scene.height, scene.width), bool)
    for mask, (x, y, w, h) in zip(masks, boxes, strict=True):
        mask[y : y + h, x : x + w] = silhouette(instance.kind, w, h, instance.form)[0] != 0
    return masks


def _paint(scene, silhouettes, order):
    """Returns codes of colours and labels of some shapes, painted back to front on the background."""
    image = np.full((scene.height, scene.width), _code(scene, scene.background))
    labels = np.zeros(image.shape, bool)
    for each in order:
        image[silhouettes[each]] = _code(scene, scene.instances[each].color)
        labels[silhouettes[each]] = scene.is_target(scene.instances[each])
    return image, labels


def _code(scene, color):
    red, green, blue = color
    return (red << 16) + (green << 8) + blue


def _rates(silhouettes, order):
    owner = np.full(silhouettes[0].shape, -1)
    for each in order:
        owner[silhouettes[each]] = each
    return [1 - np.count_nonzero(owner == each) / np.count_nonzero(mask) for each, mask in enumerate(silhouettes)]


def _weight(box, settings):
    _, _, w, h = box
    return 1 / ((settings.width - w + 1) * (settings.height - h + 1))


def overlap(one, other):
    """Whether two boxes share a pixel."""
    (x, y, w, h), (a, b, c, d) = one, other
    return x < a + c and a < x + w and y < b + d and b < y + h


def is_dialled(bins):
    """Returns the rule of dialled scenes: asked targets are hidden as asked, each by one shape alone, in front of it."""

    def meets(scene, boxes, rates, order):
        depth = {each: place for place, each in enumerate(order)}
        partners = [[b for b in range(len(boxes)) if b != a and overlap(boxes[a], boxes[b])] for a in range(len(boxes))]
        in_pairs = set()
        for each, instance in enumerate(scene.instances):
            asked, rate = instance.asked_occlusion, rates[each]
            if asked is None:
                continue
            edges = (0, 0.25, 0.5, 0.75, 1)
            as_asked = (
                rate == 0 or any(low < rate < high for low, high in pairwise(edges)) if bins else abs(rate - asked) < 0.02
            )
            if not as_asked or (rate > 0) != (asked > 0) or len(partners[each]) != (asked > 0):
                return False
            for other in partners[each]:
                if depth[other] < depth[each] or scene.instances[other].asked_occlusion is not None:
                    return False
                in_pairs |= {each, other}
        return all(not found for each, found in enumerate(partners) if each not in in_pairs) and all(
            len(partners[each]) == 1 for each in in_pairs
        )

    return meets
