"""The search over front-to-back sets must find exactly what trying every depth order finds."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene
from shapeseg.scenes.ambiguity import MAX_GROUP

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
CROWDED = {"width": 56, "height": 56, "min_instances": 2, "max_instances": 6, "min_size": 16, "max_size": 32}
SETTINGS = {
    "two colours": SceneSettings(**CROWDED, colors=(RED, BLUE)),
    "one colour": SceneSettings(**{**CROWDED, "max_instances": 5}, colors=(RED,)),
    "as the background": SceneSettings(**CROWDED, colors=(RED, WHITE)),
    "more kinds": SceneSettings(**CROWDED, colors=(RED, BLUE), kinds=("rectangle", "ellipse", "star", "ring")),
}


def by_every_order(scene):
    """Returns ambiguous pixels and the share of orders in which a pixel is rectangle, by rendering every order."""
    truth = scene.render()
    target = truth.target()
    ambiguous, rectangle, orders = np.zeros(target.shape, bool), np.zeros(target.shape), 0
    for order in permutations(scene.instances):
        other = replace(scene, instances=order).render()
        if np.array_equal(other.image, truth.image):
            ambiguous |= other.target() != target
            rectangle += other.target()
            orders += 1
    return ambiguous, rectangle / orders


@pytest.mark.parametrize("name", SETTINGS)
def test_equals_brute_force_over_all_orders(name):
    found = 0
    for index in range(100):
        scene = sample_scene(SETTINGS[name], seed=5, index=index)
        truth = scene.render()
        ambiguous, rectangle = by_every_order(scene)
        assert np.array_equal(truth.ambiguous, ambiguous), index
        np.testing.assert_allclose(truth.rectangle_probability, rectangle, atol=1e-12)
        found += ambiguous.any()
    assert found > 10  # the comparison is not of empty sets


def test_one_colour_and_unlike_kinds_are_ambiguous_where_they_overlap():
    rectangle, ellipse = Instance("rectangle", (4, 4, 10, 10), RED), Instance("ellipse", (9, 9, 10, 10), RED)
    truth = Scene(24, 24, WHITE, (rectangle, ellipse)).render()
    overlap = truth.amodal_masks[0] & truth.amodal_masks[1]
    assert overlap.any()
    assert np.array_equal(truth.ambiguous, overlap)
    other_color = Scene(24, 24, WHITE, (rectangle, ellipse._replace(color=BLUE))).render()
    assert not other_color.ambiguous.any()
    same_kind = Scene(24, 24, WHITE, (rectangle, ellipse._replace(kind="rectangle"))).render()
    assert not same_kind.ambiguous.any()


def test_a_third_shape_can_settle_the_order():
    # Blue lies on the ellipse and under the rectangle, so the rectangle is in front of the ellipse: nothing is open.
    shapes = [("ellipse", (4, 4, 16, 16), RED), ("rectangle", (10, 2, 4, 20), BLUE), ("rectangle", (2, 10, 20, 4), RED)]
    scene = Scene(24, 24, WHITE, tuple(Instance(*shape) for shape in shapes))
    assert not scene.render().ambiguous.any()
    assert not by_every_order(scene)[0].any()
    assert Scene(24, 24, WHITE, scene.instances[::2]).render().ambiguous.any()


def test_groups_too_large_to_search_count_every_possible_confusion():
    kinds = ["rectangle", "ellipse"] * (MAX_GROUP // 2 + 1)
    instances = tuple(Instance(kind, (2 * k, 2 * k, 12, 12), RED) for k, kind in enumerate(kinds))
    scene = Scene(48, 48, WHITE, instances)
    truth = scene.render()
    confusable = np.zeros((48, 48), bool)
    for one, a in zip(instances, truth.amodal_masks, strict=True):
        for other, b in zip(instances, truth.amodal_masks, strict=True):
            if one.kind != other.kind:
                confusable |= a & b
    assert np.array_equal(truth.ambiguous, confusable)


def test_ten_overlapping_instances_are_searched_exactly():
    # One colour: every order keeps the image, so a pixel is open as soon as a rectangle and an ellipse cover it.
    instances = tuple(Instance(("rectangle", "ellipse")[k % 2], (k, k, 14, 14), RED) for k in range(10))
    truth = Scene(32, 32, WHITE, instances).render()
    rectangles, ellipses = truth.amodal_masks[::2].any(axis=0), truth.amodal_masks[1::2].any(axis=0)
    assert np.array_equal(truth.ambiguous, rectangles & ellipses)
    # Of the shapes that cover a pixel, each is in front in the same share of orders.
    covering = truth.amodal_masks.sum(axis=0)
    expected = truth.amodal_masks[::2].sum(axis=0) / np.maximum(covering, 1)
    np.testing.assert_allclose(truth.rectangle_probability, expected, atol=1e-12)
