"""Intervals: by hand, only where enough images stand behind them, and as often right as they say."""

import math

import numpy as np
import pytest

from shapeseg.evaluation.intervals import intervals, jackknife
from shapeseg.evaluation.student import t_bound


@pytest.mark.parametrize(
    ("degrees", "expected"), [(1, 12.7062), (2, 4.3027), (3, 3.1824), (10, 2.2281), (30, 2.0423), (120, 1.9799)]
)
def test_the_bound_of_student_is_that_of_printed_tables(degrees, expected):
    assert t_bound(degrees) == pytest.approx(expected, abs=5e-5)


def test_the_bound_lies_between_those_of_whole_degrees():
    assert t_bound(2) > t_bound(2.5) > t_bound(3) > t_bound(1e5) > 1.959


def test_the_jackknife_of_a_mean_is_its_squared_standard_error():
    values = np.array([1.0, 2, 3, 6])
    variance, degrees = jackknife((values.sum() - values) / 3)
    assert variance == pytest.approx(values.var(ddof=1) / 4)
    # Deviations -2, -1, 0, 3: k = (16 + 1 + 81) / 14**2 = 0.5.
    assert degrees == pytest.approx(2 / (0.5 + 1 / 4))


def test_where_one_image_has_all_the_error_there_are_few_degrees_of_freedom():
    even, one = np.tile([0.0, 1.0], 50), np.eye(100)[0]
    assert jackknife(one).degrees < 2.1 < 90 < jackknife(even).degrees


def test_an_interval_by_hand():
    # 6 of 10, 8 of 10 and 7 of 10: 21 of 30. Without each: 15 of 20, 13 of 20, 14 of 20.
    logits = [math.log(15 / 5), math.log(13 / 7), math.log(14 / 6)]
    squares = [(each - sum(logits) / 3) ** 2 for each in logits]
    error = math.sqrt(2 / 3 * sum(squares))
    degrees = 2 / (sum(each**2 for each in squares) / sum(squares) ** 2 + 1 / 3)
    bounds = [math.log(21 / 9) + side * t_bound(degrees) * error for side in (-1, 1)]
    (found,) = intervals([6, 8, 7], [10, 10, 10], least_images=3)
    assert found == pytest.approx([1 / (1 + math.exp(-bound)) for bound in bounds])


def test_columns_are_apart_and_few_images_have_no_interval():
    parts = [[1, 1, 0], [1, 3, 0], [3, 0, 0]]
    wholes = [[2, 2, 0], [4, 4, 0], [6, 0, 0]]
    three, two, nothing = intervals(parts, wholes, least_images=3)
    assert three == intervals([1, 1, 3], [2, 4, 6], least_images=3)[0]
    assert three is not None
    assert (two, nothing) == (None, None)
    assert intervals(parts, wholes, least_images=2)[1] is not None


@pytest.mark.parametrize("parts", [[5, 5, 5, 5], [0, 0, 0, 0], [5, 5, 5, 4], [0, 0, 0, 1]])
def test_a_score_without_spread_has_no_interval(parts):
    assert intervals(parts, [5] * 4, least_images=2) == [None]


def test_images_that_do_not_contribute_change_nothing():
    assert intervals([3, 0, 4, 1, 0], [5, 0, 5, 5, 0], least_images=3) == intervals([3, 4, 1], [5, 5, 5], least_images=3)


def test_an_interval_is_around_its_score_and_shrinks_with_more_images():
    random = np.random.Generator(np.random.PCG64(0))
    wholes = random.integers(1, 50, 50)
    parts = random.binomial(wholes, 0.9)
    (few,), (many,) = (intervals(np.tile(parts, times), np.tile(wholes, times), 30) for times in (1, 9))
    score = parts.sum() / wholes.sum()
    assert 0 < few[0] < many[0] < score < many[1] < few[1] < 1
    assert np.ptp(few) / np.ptp(many) == pytest.approx(3, rel=0.15)  # t has more degrees of freedom, too
    assert intervals(parts, wholes, 30) == [few]  # nothing is drawn


@pytest.mark.parametrize("images", [30, 90])
def test_ninety_five_of_a_hundred_intervals_have_the_true_score(images):
    # Like a good model: most images have hardly any wrong pixel, a few have many. All scores are 0.98 in truth.
    random = np.random.Generator(np.random.PCG64(images))
    wholes = random.integers(2000, 4000, (images, 2000))
    wrong = wholes * np.minimum(0.02 * random.gamma(0.15, 1 / 0.15, wholes.shape), 1)
    found = np.array(intervals(wholes - wrong, wholes, 30))
    held = np.mean((found[:, 0] <= 0.98) & (found[:, 1] >= 0.98))
    assert 0.93 <= held <= 0.97
