from itertools import permutations

import numpy as np
import pytest

from shapeseg.evaluation.ceiling import Ceiling
from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene

RED, WHITE = (255, 0, 0), (255, 255, 255)


def iou_ceiling(truths):
    ceiling = Ceiling()
    for truth in truths:
        ceiling.add(truth)
    return ceiling.iou()


def test_by_hand():
    # A 10 x 10 rectangle and an ellipse of one colour overlap in k pixels: either order keeps the image, so p = 1/2 there.
    rectangle, ellipse = Instance("rectangle", (0, 0, 10, 10), RED), Instance("ellipse", (6, 6, 10, 10), RED)
    truth = Scene(20, 20, WHITE, (rectangle, ellipse)).render()
    k = int((truth.amodal_masks[0] & truth.amodal_masks[1]).sum())
    assert k > 0
    expected_rectangle = 100 - k / 2
    leave_out = (100 - k) / expected_rectangle  # the sure pixels only
    take_in = expected_rectangle / 100  # the open ones too
    assert iou_ceiling([truth]) == pytest.approx(max(leave_out, take_in))


def test_one_without_ambiguity_and_none_without_rectangles():
    assert iou_ceiling([Scene(20, 20, WHITE, (Instance("rectangle", (1, 1, 9, 9), RED),)).render()]) == 1
    assert iou_ceiling([Scene(20, 20, WHITE, (Instance("ellipse", (1, 1, 9, 9), RED),)).render()]) is None


def test_no_guess_of_whole_probability_levels_does_better():
    settings = SceneSettings(width=40, height=40, min_instances=3, max_instances=5, min_size=16, max_size=16, colors=(RED,))
    truths = [sample_scene(settings, seed=0, index=index).render() for index in range(8)]
    p = np.stack([share_of_orders(truth) for truth in truths])
    best = 0.0
    for level in np.unique(p[p > 0]):
        guess = p >= level
        best = max(best, p[guess].sum() / (p.sum() + (1 - p[guess]).sum()))
    assert iou_ceiling(truths) == pytest.approx(best)


def share_of_orders(truth):
    """Of shapes of one size, whose order alone can be another."""
    total, orders = np.zeros(truth.instance_map.shape), 0
    for order in permutations(truth.scene.instances):
        other = Scene(truth.scene.width, truth.scene.height, WHITE, order).render()
        if np.array_equal(other.image, truth.image):
            total += other.target()
            orders += 1
    return total / orders


def test_ignored_instances_are_left_out_and_images_may_come_one_by_one():
    rectangle, ellipse = Instance("rectangle", (0, 0, 10, 10), RED), Instance("ellipse", (6, 6, 10, 10), RED)
    open_ = Scene(20, 20, WHITE, (rectangle, ellipse)).render()
    ignored = Scene(20, 20, WHITE, (rectangle._replace(ignored=True), ellipse._replace(ignored=True))).render()
    sure = Scene(20, 20, WHITE, (rectangle,)).render()
    assert iou_ceiling([open_]) < 1
    assert iou_ceiling([ignored, sure]) == 1
    assert iou_ceiling([ignored]) is None
    ceiling = Ceiling()
    for truth in (open_, sure):
        ceiling.add(truth)
    assert ceiling.iou() == iou_ceiling([open_, sure])
