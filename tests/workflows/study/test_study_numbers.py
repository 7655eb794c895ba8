"""The numbers of the occlusion study, worked by hand."""

import numpy as np
import pytest

from shapeseg.evaluation.student import t_bound
from shapeseg.scenes import Instance, Scene
from shapeseg.workflows.study.intervals import SeedMeans, stands
from shapeseg.workflows.study.matrix import VISIBLE_BINS, counterfactual, iou_matrix, largest_losses, response
from shapeseg.workflows.study.order import order_test
from shapeseg.workflows.study.scores import Rectangle, SetScores, pairs_of

RANDOM = np.random.Generator(np.random.PCG64(0))


def scores(pixels, rectangles=(), decidable=None, contested=None, called=None):
    pixels = np.array(pixels, np.int64)
    return SetScores(
        pixels=pixels,
        decidable=pixels if decidable is None else np.array(decidable, np.int64),
        contested=np.zeros((len(pixels), 4), np.int64) if contested is None else np.array(contested, np.int64),
        called=np.zeros((len(pixels), 4), np.int64) if called is None else np.array(called, np.int64),
        rectangles=rectangles,
    )


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
    assert found["all"]["difference"] == {"value": 0, "interval": None, "seeds": [0, 0], "stands": False}


def test_decidable_pixels_are_counted_apart():
    (found,) = iou_matrix({"all": [scores([(3, 1, 0), (4, 0, 0)], decidable=[(3, 0, 0), (4, 0, 0)])]}).values()
    assert (found["iou"]["value"], found["iou_decidable"]["value"]) == (7 / 8, 1)


def test_an_interval_holds_the_luck_of_seeds_and_of_images():
    wholes = np.full((3, 50, 1), 100.0)
    same, seeds, images = (np.full((3, 50, 1), 50.0) for _ in range(3))
    seeds += np.array([-10, 0, 10])[:, None, None]
    images += RANDOM.integers(-30, 31, (1, 50, 1))
    widths = [np.ptp(SeedMeans(parts, wholes, 50).mean(0)["interval"]) for parts in (same, seeds, images)]
    assert widths[0] == 0
    # Seeds have 0.4, 0.5 and 0.6, a standard error of 0.1 / sqrt(3), and two degrees of freedom.
    assert widths[1] == pytest.approx(2 * 4.3027 * 0.1 / np.sqrt(3), rel=1e-4)
    standard_error = images[0].std(ddof=1) / 100 / np.sqrt(50)
    assert widths[2] == pytest.approx(2 * 2.01 * standard_error, rel=0.02)  # t of about 50 degrees of freedom


def test_the_wider_of_two_intervals_is_given():
    # The variance of the mean is 0.0001 by seeds and hardly less by images: 4.30 times 0.01 is wider than 2.6 times 0.014.
    parts = 50 + np.tile([-10.0, 10], 50)[None, :, None] + np.sqrt(3) * np.array([-1.0, 0, 1])[:, None, None]
    interval = SeedMeans(parts, np.full(parts.shape, 100.0), 50).mean(0)["interval"]
    assert interval == pytest.approx([0.5 - t_bound(2) * 0.01, 0.5 + t_bound(2) * 0.01])


def test_an_interval_ends_where_the_score_does():
    parts = np.array([90.0, 95, 100])[:, None, None] * np.ones((1, 40, 1))
    means = SeedMeans(parts, np.full(parts.shape, 100.0), 40)
    assert means.mean(0)["interval"][1] == 1
    assert means.mean(0, most=np.inf)["interval"][1] > 1
    assert means.difference(0)["interval"][1] > 1


def test_a_difference_is_taken_between_pairs():
    wholes = np.full((2, 40, 1), 100.0)
    parts = RANDOM.integers(0, 90, (2, 40, 1)).astype(float)
    base, better = SeedMeans(parts, wholes, 40), SeedMeans(parts + 5, wholes, 40)
    assert better.difference(0, base)["interval"] == pytest.approx([0.05, 0.05])
    assert better.difference(0, base)["stands"] is True
    assert np.ptp(better.mean(0)["interval"]) > 0.05


def test_pairs_are_of_all_images_that_either_sees():
    wholes = np.full((2, 40, 1), 100.0)
    empty = wholes.copy()
    empty[:, :5] = 0  # neither truth nor prediction there, for one of the arms
    one, other = SeedMeans(wholes / 2, wholes, 40), SeedMeans(empty / 4, empty, 40)
    assert one.difference(0, other)["interval"] == pytest.approx([0.25, 0.25])
    assert other.difference(0, one)["interval"] == pytest.approx([-0.25, -0.25])
    assert other.mean(0)["interval"] is None


@pytest.mark.parametrize(
    ("seeds", "interval", "expected"),
    [
        ([0.1, 0.2, 0.3], None, False),  # 0.2 and 4.30 standard errors of 0.058: from -0.05 to 0.45
        ([0.15, 0.2, 0.25], None, True),
        ([-0.15, -0.2, -0.25], [-0.4, -0.1], True),
        ([0.15, 0.2, 0.25], [-0.1, 0.5], False),
        ([0.2], None, None),
        ([0.2, None], None, None),
    ],
)
def test_a_difference_stands_when_seeds_and_images_say_so(seeds, interval, expected):
    assert stands({"value": 0.2, "interval": interval, "seeds": seeds}) is expected


def test_what_is_undefined_is_none():
    nothing = {"value": None, "interval": None, "seeds": [None, None]}
    means = SeedMeans(np.zeros((2, 4, 1)), np.zeros((2, 4, 1)))
    assert means.mean(0) == nothing
    assert means.difference(0) == {**nothing, "stands": None}


@pytest.mark.parametrize(("seeds", "images", "known"), [(2, 200, True), (1, 200, False), (2, 199, False)])
def test_few_seeds_or_images_have_no_interval(seeds, images, known):
    wholes = np.zeros((seeds, 300, 1))
    wholes[:, :images] = 1
    found = SeedMeans(wholes / 2, wholes).mean(0)
    assert found["value"] == 0.5
    assert (found["interval"] is not None) is known
    assert SeedMeans(wholes / 2, wholes, least_images=images + 1).mean(0)["interval"] is None


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


@pytest.mark.parametrize(("images", "known"), [(999, False), (1000, True)])
def test_recall_and_invented_pixels_have_an_interval_from_1000_images_on(images, known):
    recalls = (0.5, 1.0, 0.75, 1.0)
    rectangles = [rectangle(place, 0.1, "(0, 0.25]", "other", recalls[place % 4]) for place in range(images)]
    seed = scores([(9, 0, 10 + place % 3) for place in range(images)], rectangles)
    found = response({"all": [seed, seed]})["any"]
    for score in ("recall", "invented"):
        assert (found[score]["all"]["(0, 0.25]"]["interval"] is not None) is known
    pairs = counterfactual(
        {"all": [seed, seed]},
        {"all": [scores([(9, 0, 0)] * images, [rectangle(place, 0.0, "0") for place in range(images)])] * 2},
        [{1: 1}] * images,
    )
    assert (pairs["arms"]["all"]["any"]["change"]["interval"] is not None) is known


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


def order_scores(called_natural, called_reversed):
    """Two scenes: one of different colours, in front as drawn; one of the same, behind as drawn."""
    natural, twins = [(20, 0, 0, 0), (0, 0, 0, 10)], [(0, 20, 0, 0), (0, 0, 10, 0)]
    counts = [(1, 0, 0)] * 2
    return scores(counts, contested=natural, called=called_natural), scores(counts, contested=twins, called=called_reversed)


def test_the_order_test_is_of_the_same_pixels_in_front_and_behind():
    knows = order_scores([(20, 0, 0, 0), (0, 0, 0, 10)], [(0, 0, 0, 0), (0, 0, 10, 0)])
    front = order_scores([(20, 0, 0, 0), (0, 0, 0, 10)], [(0, 15, 0, 0), (0, 0, 10, 0)])
    back = order_scores([(5, 0, 0, 0), (0, 0, 0, 0)], [(0, 0, 0, 0), (0, 0, 0, 0)])
    arms = {"all": [knows, knows], "drop-occluded": [front, knows], "drop-occluded-reversed": [back, back]}
    natural, twins = ({arm: [seed[place] for seed in seeds] for arm, seeds in arms.items()} for place in (0, 1))
    found = order_test(natural, twins)
    assert found["scenes"] == {"other": 1, "same": 1}
    assert found["pixels"] == {"other": 20, "same": 10}
    shares = {
        (colors, place): [each["value"] for each in by_arm.values()]
        for colors, places in found["called"].items()
        for place, by_arm in places.items()
    }
    assert shares == {
        ("other", "in front"): [1, 1, 0.25],
        ("other", "behind"): [0, 0.375, 0],
        ("same", "in front"): [1, 1, 0],
        ("same", "behind"): [1, 1, 0],
    }
    behind = found["called"]["other"]["behind"]["drop-occluded"]
    assert behind["seeds"] == [0.75, 0]
    assert behind["difference"]["value"] == 0.375
    assert behind["difference"]["stands"] is False
    assert found["called"]["other"]["in front"]["drop-occluded-reversed"]["difference"]["stands"] is True
    assert behind["interval"] is None  # of so few scenes


def test_no_contested_pixel_is_no_share():
    nothing = {arm: [scores([(1, 0, 0)])] for arm in ("all", "heavy")}
    found = order_test(nothing, nothing)
    assert found["pixels"] == {"other": 0, "same": 0}
    assert found["called"]["other"]["behind"]["heavy"]["value"] is None
