"""The search finds exactly the scenes that painting every one of them finds, under the rule by which scenes were chosen."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from every_scene import is_dialled, overlap, probability_of_rectangle
from little_memory import little_memory
from witness import told_by_two_moves, without_witness

from shapeseg.errors import InputError
from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene
from shapeseg.scenes.ambiguity import MAX_GROUP
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.rule import UNKNOWN, FilterSettings, Rule

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
SMALL = {"width": 14, "height": 14, "min_size": 3, "max_size": 6, "min_instances": 2, "max_instances": 4}
TINY = {"width": 12, "height": 12, "min_size": 3, "max_size": 5, "min_instances": 2, "max_instances": 3}


def anything(*_scene):
    return True


def hidden_at_most(limit, only_rectangles=False):
    def meets(scene, _boxes, rates, _order):
        judged = (
            rate for each, rate in zip(scene.instances, rates, strict=True) if not only_rectangles or scene.is_target(each)
        )
        return all(rate <= limit for rate in judged)

    return meets


def two(colors, **others):
    return SceneSettings(**SMALL | others, colors=colors)


RULES = {
    "natural": (two((RED, BLUE)), (), anything),
    "one colour": (SceneSettings(**TINY, colors=(RED,)), (), anything),
    "as the background": (SceneSettings(**TINY, colors=(RED, WHITE)), (), anything),
    "more kinds": (two((RED, BLUE), max_instances=3, kinds=("rectangle", "triangle", "ring")), (), anything),
    "limited": (two((RED, BLUE), max_occlusion=0.4, best_effort=True), (), hidden_at_most(0.4)),
    "dialled": (
        two((RED,), occlusion_rates=(0.5,), max_instances=3, min_size=4, best_effort=True),
        (),
        is_dialled(bins=False),
    ),
    "dialled by bins": (two((RED,), occlusion_bins=True, max_instances=3, best_effort=True), (), is_dialled(bins=True)),
    "drop-occluded": (two((RED,), max_instances=3), (FilterSettings("drop-occluded"),), hidden_at_most(0, True)),
    "drop-beyond": (two((RED, BLUE)), (FilterSettings("drop-beyond", 0.3, True),), hidden_at_most(0.3)),
    "ignore-occluded": (two((RED, BLUE)), (FilterSettings("ignore-occluded", 0.25),), anything),
}


def scenes_of(settings, filters, meets, count):
    """Yields scenes as a dataset of that rule would hold them."""
    index = found = 0
    while found < count:
        scene = sample_scene(settings, seed=11, index=index)
        index += 1
        rates, boxes = scene.render().occlusion_rates, [instance.box for instance in scene.instances]
        if len(boxes) > 1 and meets(scene, boxes, rates, range(len(boxes))):
            found += 1
            yield replace(scene, rule=Rule(settings, filters))


@pytest.mark.parametrize("name", RULES)
def test_it_finds_what_painting_every_scene_finds(name):
    settings, filters, meets = RULES[name]
    open_pixels = 0
    for scene in scenes_of(settings, filters, meets, 30):
        truth = scene.render()
        expected, is_open = probability_of_rectangle(scene, settings, meets)
        np.testing.assert_allclose(truth.rectangle_probability, expected, atol=1e-9)
        assert np.array_equal(truth.ambiguous, is_open)
        open_pixels += np.count_nonzero(is_open)
    assert open_pixels > 0 or name in ("dialled", "drop-occluded")  # where the rule settles nearly everything


@pytest.mark.parametrize(
    "settings",
    [SceneSettings(), SceneSettings(min_instances=12, max_instances=16), SceneSettings(occlusion_bins=True)],
    ids=["natural", "crowded", "dialled"],
)
def test_no_side_of_any_shape_can_be_elsewhere_and_change_a_label_that_counts_as_told(settings):
    meets = is_dialled(bins=True) if settings.occlusion_bins else anything
    for index in range(12):
        scene = sample_scene(settings, seed=990017, index=index)
        truth = scene.render()
        for other, changed in one_side_elsewhere(scene, settings):
            if (changed & ~truth.ambiguous).any():
                rates = other.render().occlusion_rates
                boxes = [instance.box for instance in other.instances]
                assert not meets(other, boxes, rates, range(len(boxes))), (index, other)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        SceneSettings(),
        SceneSettings(min_instances=10, max_instances=14),
        SceneSettings(max_occlusion=0.5),
        SceneSettings(occlusion_bins=True),
    ],
    ids=["natural", "crowded", "limited", "dialled"],
)
def test_each_ambiguous_pixel_has_a_witness(settings):
    flagged = 0
    for index in range(25):
        scene = sample_scene(settings, seed=820003, index=index)
        truth = scene.render()
        if truth.ambiguous.any() and not truth.beyond_search:
            flagged += np.count_nonzero(truth.ambiguous)
            assert not without_witness(scene, settings, partial(could_be_drawn, settings, truth.image)).any(), index
    assert flagged > 0


@pytest.mark.slow
def test_a_stronger_search_finds_little_more():
    settings = SceneSettings(width=64, height=64, min_size=8, max_size=16, min_instances=8, max_instances=12)
    flagged = more = 0
    for index in range(12, 24):
        scene = sample_scene(settings, seed=830002, index=index)
        flagged += np.count_nonzero(scene.render().ambiguous)
        more += np.count_nonzero(told_by_two_moves(scene, settings))
    assert 0 < more <= 0.1 * flagged


def could_be_drawn(settings, image, scene):
    truth = scene.render()
    rates, boxes = truth.occlusion_rates, [instance.box for instance in scene.instances]
    if settings.occlusion_bins and not is_dialled(bins=True)(scene, boxes, rates, range(len(boxes))):
        return False
    return np.array_equal(truth.image, image) and rates.max() <= settings.max_occlusion


def one_side_elsewhere(scene, settings):
    """Yields scenes with one side of one shape elsewhere that give the same image, and where their labels differ."""
    truth = scene.render()
    target = truth.target()
    for place, instance in enumerate(scene.instances):
        x, y, w, h = instance.box
        for size in range(settings.min_size, settings.max_size + 1):
            for box in ((x + w - size, y, size, h), (x, y, size, h), (x, y + h - size, w, size), (x, y, w, size)):
                if min(box) < 0 or box[0] + box[2] > settings.width or box[1] + box[3] > settings.height:
                    continue
                instances = list(scene.instances)
                instances[place] = instance._replace(box=box)
                left, top = min(x, box[0]), min(y, box[1])
                right, bottom = max(x + w, box[0] + box[2]), max(y + h, box[1] + box[3])
                image, labels = painted(scene, instances, left, top, right, bottom)
                if np.array_equal(image, truth.image[top:bottom, left:right]):
                    changed = np.zeros(target.shape, bool)
                    changed[top:bottom, left:right] = labels != target[top:bottom, left:right]
                    if changed.any():
                        yield replace(scene, instances=tuple(instances)), changed


def painted(scene, instances, left, top, right, bottom):
    """Paints a part of a scene: image and labels."""
    image = np.full((bottom - top, right - left, 3), scene.background, np.uint8)
    labels = np.zeros(image.shape[:2], bool)
    for each in instances:
        x, y, w, h = each.box
        if overlap(each.box, (left, top, right - left, bottom - top)):
            whole = silhouette(each.kind, w, h, each.form)[0] != 0
            part = whole[max(top - y, 0) : bottom - y, max(left - x, 0) : right - x]
            rows = slice(max(y - top, 0), max(y - top, 0) + part.shape[0])
            columns = slice(max(x - left, 0), max(x - left, 0) + part.shape[1])
            image[rows, columns][part] = each.color
            labels[rows, columns][part] = scene.is_target(each)
    return image, labels


def test_a_hidden_side_makes_pixels_ambiguous_that_every_depth_order_would_tell():
    # The rectangle in blue hides where the red one ends below it; the red ellipse goes on at the other side.
    red = Instance("rectangle", (2, 6, 10, 4), RED)
    ellipse, blue = Instance("ellipse", (13, 2, 12, 12), RED), Instance("rectangle", (9, 3, 6, 10), BLUE)
    settings = SceneSettings(width=30, height=30, min_size=4, max_size=20)
    truth = Scene(30, 30, WHITE, (red, ellipse, blue), rule=Rule(settings)).render()
    assert truth.ambiguous.any()
    assert (truth.instance_map[truth.ambiguous] == 2).all()
    short = replace(truth.scene, rule=Rule(replace(settings, max_size=12))).render()
    assert not short.ambiguous.any()


def test_one_colour_and_unlike_kinds_are_ambiguous_where_they_overlap():
    rectangle, ellipse = Instance("rectangle", (4, 4, 10, 10), RED), Instance("ellipse", (9, 9, 10, 10), RED)
    rule = Rule(SceneSettings(width=24, height=24, min_size=10, max_size=10))  # so that nothing but the order is open
    truth = Scene(24, 24, WHITE, (rectangle, ellipse), rule=rule).render()
    overlap_ = truth.amodal_masks[0] & truth.amodal_masks[1]
    assert overlap_.any()
    assert np.array_equal(truth.ambiguous, overlap_)
    assert set(truth.rectangle_probability[overlap_].tolist()) == {0.5}
    other_color = Scene(24, 24, WHITE, (rectangle, ellipse._replace(color=BLUE)), rule=rule).render()
    assert not other_color.ambiguous.any()
    same_kind = Scene(24, 24, WHITE, (rectangle, ellipse._replace(kind="rectangle")), rule=rule).render()
    assert not same_kind.ambiguous.any()


def test_a_third_shape_can_settle_the_order():
    # Blue lies on the ellipse and under the rectangle, so the rectangle is in front of the ellipse: no order is open.
    shapes = [("ellipse", (4, 4, 16, 16), RED), ("rectangle", (10, 2, 4, 20), BLUE), ("rectangle", (2, 10, 20, 4), RED)]
    scene = Scene(24, 24, WHITE, tuple(Instance(*shape) for shape in shapes))
    truth, without = scene.render(), Scene(24, 24, WHITE, scene.instances[::2]).render()
    both = truth.amodal_masks[0] & truth.amodal_masks[2]
    assert truth.rectangle_probability[both].min() > without.rectangle_probability[both].max() / 2
    assert without.ambiguous.any()


def test_shapes_of_a_group_beyond_the_search_are_ambiguous_and_of_unknown_probability():
    kinds = ["rectangle", "ellipse"] * (MAX_GROUP // 2 + 1)
    instances = tuple(Instance(kind, (2 * k, 2 * k, 12, 12), RED) for k, kind in enumerate(kinds))
    truth = Scene(48, 48, WHITE, instances).render()
    covered = truth.amodal_masks.any(axis=0)
    assert np.array_equal(truth.ambiguous, covered)
    assert np.array_equal(np.isnan(truth.rectangle_probability), covered)
    assert truth.beyond_search == covered.sum()


def test_of_a_group_beyond_the_search_no_sets_of_shapes_are_listed():
    # Of 60 shapes there are 2**60 sets: were they listed, no memory would hold them.
    instances = tuple(Instance(("rectangle", "ellipse")[k % 2], (2 * k, 2 * k, 20, 20), RED) for k in range(60))
    with little_memory(512 * 2**20):
        assert Scene(160, 160, WHITE, instances).render().beyond_search > 0


def test_a_search_that_is_given_up_leaves_the_probabilities_unknown():
    instances = tuple(Instance(("rectangle", "ellipse")[k % 2], (k, k, 24, 24), RED) for k in range(6))
    scene, asked = Scene(48, 48, WHITE, instances), []

    def after_100():
        asked.append(None)
        return len(asked) > 100

    truth = scene.render(after_100)
    assert np.array_equal(np.isnan(truth.rectangle_probability), truth.amodal_masks.any(axis=0))
    assert len(asked) == 101
    assert not scene.render(lambda: False).beyond_search
    assert np.array_equal(scene.render(lambda: False).rectangle_probability, scene.render().rectangle_probability)


def test_ten_overlapping_instances_are_searched_exactly():
    # One colour, one size: every order keeps the image, so a pixel is open as soon as a rectangle and an ellipse cover it.
    instances = tuple(Instance(("rectangle", "ellipse")[k % 2], (k, k, 14, 14), RED) for k in range(10))
    rule = Rule(SceneSettings(width=32, height=32, min_size=14, max_size=14, min_instances=1))
    truth = Scene(32, 32, WHITE, instances, rule=rule).render()
    assert not truth.beyond_search
    rectangles, ellipses = truth.amodal_masks[::2].any(axis=0), truth.amodal_masks[1::2].any(axis=0)
    assert np.array_equal(truth.ambiguous, rectangles & ellipses)
    covering = truth.amodal_masks.sum(axis=0)
    expected = truth.amodal_masks[::2].sum(axis=0) / np.maximum(covering, 1)
    np.testing.assert_allclose(truth.rectangle_probability, expected, atol=1e-12)


def test_of_an_unknown_rule_nothing_follows():
    scene = sample_scene(SceneSettings(colors=(RED,), max_instances=10, min_instances=10), seed=0, index=0)
    assert scene.render().ambiguous.any()
    unknown = replace(scene, rule=UNKNOWN).render()
    assert not unknown.ambiguous.any()
    assert np.isnan(unknown.rectangle_probability).all()


def test_a_scene_that_breaks_its_rule_is_refused():
    scene = next(
        scene
        for scene in (sample_scene(SceneSettings(), seed=0, index=index) for index in range(100))
        if scene.render().occlusion_rates.max() > 0.5
    )
    row = scene.to_dict()
    for instance, rate in zip(row["instances"], scene.render().occlusion_rates, strict=True):
        instance["occlusion_rate"] = float(rate)
    assert Scene.from_dict(row, Rule(SceneSettings())) == scene
    for rule in (
        Rule(SceneSettings(width=200, height=224)),
        Rule(SceneSettings(max_size=21)),
        Rule(SceneSettings(max_occlusion=0.5)),
        Rule(SceneSettings(), (FilterSettings("drop-beyond", 0.5, all_instances=True),)),
    ):
        with pytest.raises(InputError, match="breaks the rule"):
            Scene.from_dict(row, rule)


def test_without_a_rule_sizes_are_widened_to_hold_the_scene():
    scene = Scene(30, 30, WHITE, (Instance("rectangle", (2, 2, 3, 25), RED),))
    rule = Rule.usual(30, 30, scene.instances)
    assert (rule.scene.width, rule.scene.min_size, rule.scene.max_size) == (30, 3, 30)
    assert not scene.render().ambiguous.any()


def test_a_rule_is_widened_to_hold_a_scene_and_keeps_what_holds_it_already():
    rule = Rule(SceneSettings(width=64, height=64, min_size=8, max_size=20))
    fitting, large = (Instance("rectangle", (2, 2, w, h), RED) for w, h in ((8, 20), (5, 30)))
    assert rule.widened(64, 64, (fitting,)) == rule
    wide = rule.widened(96, 64, (fitting, large)).scene
    assert (wide.width, wide.height, wide.min_size, wide.max_size) == (96, 64, 5, 30)
