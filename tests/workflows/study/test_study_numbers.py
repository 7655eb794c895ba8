"""The numbers of the occlusion study, worked by hand."""

import numpy as np
import pytest

from shapeseg.evaluation.bootstrap import times_drawn
from shapeseg.scenes import Instance, Scene
from shapeseg.workflows.study.intervals import SeedMeans
from shapeseg.workflows.study.matrix import VISIBLE_BINS, counterfactual, iou_matrix, largest_losses, response
from shapeseg.workflows.study.scores import Rectangle, SetScores, pairs_of

RANDOM = np.random.Generator(np.random.PCG64(0))


def scores(pixels, rectangles=(), decidable=None):
    pixels = np.array(pixels, np.int64)
    return SetScores(pixels, pixels if decidable is None else np.array(decidable, np.int64), rectangles)


def rectangle(place, rate, occlusion, color="none", recall=1.0, instance=1):
    return Rectangle(place, instance, rate, occlusion, color, recall)


def test_a_mean_is_over_seeds_of_pooled_ratios():
    arms = {
        "all": [scores([(8, 1, 1), (0, 2, 0)]), scores([(6, 2, 2), (2, 0, 0)])],  # 8 of 12, 8 of 12
        "heavy": [scores([(4, 4, 4), (0, 2, 0)]), scores([(6, 2, 2), (2, 0, 0)])],  # 4 of 14, 8 of 12
    }
    found = iou_matrix(arms)
    assert found["all"]["iou"]["value"] == pytest.approx(8 / 12)
    assert found["heavy"]["iou"]["value"] == pytest.approx((4 / 14 + 8 / 12) / 2)
    assert found["heavy"]["precision"]["value"] == pytest.approx((4 / 8 + 8 / 10) / 2)
    assert found["heavy"]["recall"]["value"] == pytest.approx((4 / 10 + 8 / 10) / 2)
    assert found["heavy"]["iou"]["seeds"] == pytest.approx([4 / 14, 8 / 12])
    assert found["heavy"]["difference"]["value"] == pytest.approx((4 / 14 - 8 / 12) / 2)
    assert found["all"]["difference"]["interval"] == [0, 0]


def test_decidable_pixels_are_counted_apart():
    (found,) = iou_matrix({"all": [scores([(3, 1, 0), (4, 0, 0)], decidable=[(3, 0, 0), (4, 0, 0)])]}).values()
    assert (found["iou"]["value"], found["iou_decidable"]["value"]) == (7 / 8, 1)


def test_an_interval_holds_the_luck_of_seeds_and_of_images():
    wholes = np.full((3, 50, 1), 100.0)
    same, seeds, images = (np.full((3, 50, 1), 50.0) for _ in range(3))
    seeds += np.array([-10, 0, 10])[:, None, None]
    images += RANDOM.integers(-30, 31, (1, 50, 1))
    widths = [np.ptp(SeedMeans(parts, wholes).column(0)["interval"]) for parts in (same, seeds, images)]
    assert widths[0] == pytest.approx(0)
    assert widths[1] == pytest.approx(0.2, abs=0.02)  # all draws alike: a chance of 1 in 27 for either end
    standard_error = images[0].std() / 100 / np.sqrt(50)
    assert widths[2] == pytest.approx(2 * 1.96 * standard_error, rel=0.15)


def test_seeds_are_drawn_independently_of_images():
    images, seeds = (np.concatenate(list(times_drawn(3, run))) for run in (0, 1))
    assert (images.sum(1) == 3).all()
    assert (seeds.sum(1) == 3).all()
    assert abs(np.corrcoef(images[:, 0], seeds[:, 0])[0, 1]) < 0.1


def test_a_difference_is_taken_between_pairs():
    wholes = np.full((2, 40, 1), 100.0)
    parts = RANDOM.integers(0, 90, (2, 40, 1)).astype(float)
    base, better = SeedMeans(parts, wholes), SeedMeans(parts + 5, wholes)
    assert better.column(0, base)["interval"] == pytest.approx([0.05, 0.05])
    assert np.ptp(better.column(0)["interval"]) > 0.05


def test_what_is_undefined_is_none():
    found = SeedMeans(np.zeros((2, 4, 1)), np.zeros((2, 4, 1))).column(0)
    assert found == {"value": None, "interval": None, "seeds": [None, None]}
    alone = np.zeros((2, 4, 1))
    alone[:, 1] = 1
    assert SeedMeans(alone, alone).column(0)["interval"] is None


def test_a_response_is_the_mean_recall_of_each_bin_and_colour():
    rectangles = [
        rectangle(0, 0.0, "0"),
        rectangle(0, 0.1, "(0, 0.25]", "other", 0.5),
        rectangle(1, 0.2, "(0, 0.25]", "same", 0.25),
        rectangle(1, 1.0, "hidden", "other", None),
    ]
    found = response({"all": [scores([(1, 0, 0)] * 2, rectangles)]})
    assert list(found["any"]["n"].values()) == [1, 2, 0, 0, 0]
    assert found["any"]["rate"]["(0, 0.25]"] == pytest.approx(0.15)
    recalls = {group: each["recall"]["all"]["(0, 0.25]"]["value"] for group, each in found.items()}
    assert recalls == {"any": 0.375, "other": 0.5, "same": 0.25}
    assert {each["recall"]["all"]["0"]["value"] for each in found.values()} == {1.0}
    assert found["any"]["recall"]["all"]["(0.5, 0.75]"]["value"] is None


def test_invented_pixels_belong_to_the_most_hidden_rectangle_of_their_image():
    rectangles = [
        rectangle(0, 0.0, "0"),
        rectangle(0, 0.1, "(0, 0.25]", "other", 0.5),
        rectangle(1, 0.2, "(0, 0.25]", "same", 0.25),
        rectangle(2, 0.0, "0"),
        rectangle(3, 1.0, "hidden", "other", None),
    ]
    counts = [(9, 0, 10), (9, 0, 30), (9, 0, 1), (9, 0, 5)]
    found = response({"all": [scores(counts, rectangles)]})
    invented = {group: each["invented"]["all"] for group, each in found.items()}
    assert {group: each["(0, 0.25]"]["value"] for group, each in invented.items()} == {"any": 20, "other": 10, "same": 30}
    assert {each["0"]["value"] for each in invented.values()} == {1}


def test_counterfactual_pairs_are_the_same_rectangles():
    before = [
        rectangle(0, 0.2, "(0, 0.25]", "other", 0.5, instance=1),
        rectangle(0, 0.0, "0", instance=2),  # not occluded
        rectangle(1, 0.6, "(0.5, 0.75]", "other", 0.25, instance=1),  # not in the twin
        rectangle(1, 0.7, "(0.5, 0.75]", "other", 0.75, instance=3),
    ]
    after = [rectangle(0, 0.0, "0", recall=0.75, instance=1), rectangle(1, 0.0, "0", recall=1.0, instance=2)]
    before += [rectangle(1, 0.3, "(0.25, 0.5]", "other", 0.5, instance=4)]
    after += [rectangle(0, 0.0, "0", instance=2)]
    after += [rectangle(1, 0.1, "(0, 0.25]", "other", 0.5, instance=3)]  # still hidden, by what was below
    natural, removed = ({"all": [scores([(1, 0, 0)] * 2, each)]} for each in (before, after))
    found = counterfactual(natural, removed, [{1: 1, 2: 2}, {3: 2, 4: 3}])
    assert found["n"] == dict(zip([*VISIBLE_BINS[1:], "any"], [1, 0, 1, 0, 2], strict=True))
    changes = found["arms"]["all"]
    assert changes["(0, 0.25]"]["change"]["value"] == 0.25
    assert changes["any"]["before"]["value"] == 0.625
    assert changes["any"]["after"]["value"] == 0.875
    assert changes["(0.25, 0.5]"]["change"]["value"] is None


def test_pairs_leave_out_what_the_twin_does_not_hold():
    red, blue = (255, 0, 0), (0, 0, 255)
    shapes = [("rectangle", (5, 5, 20, 20), red), ("rectangle", (10, 10, 20, 20), blue), ("rectangle", (40, 40, 9, 9), red)]
    scene = Scene(60, 60, (255, 255, 255), tuple(Instance(*shape) for shape in shapes))
    assert pairs_of(scene) == {1: 1, 3: 2}


def test_the_largest_losses_come_first_and_are_means_over_seeds():
    arms = {
        "all": [scores([(9, 1, 0), (9, 0, 0), (9, 0, 0)])] * 2,
        "heavy": [scores([(9, 1, 0), (9, 4, 2), (9, 1, 0)]), scores([(9, 1, 0), (9, 0, 0), (9, 2, 0)])],
    }
    found = largest_losses(arms, [10, 20, 30])
    assert [(each["index"], each["extra_wrong_pixels"]) for each in found["heavy"]] == [(20, 3), (30, 1.5), (10, 0)]
    assert set(found) == {"heavy"}
