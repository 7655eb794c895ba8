import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from shapeseg.evaluation.counts import Counts, count, pooled, ratio

masks = arrays(bool, (4, 5))


def test_a_worked_confusion():
    # truth  1 1 1 0    predicted  1 0 1 1    both  3 (t p), missed 2, invented 1
    #        1 1 0 0               1 0 0 0
    truth = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], bool)
    predicted = np.array([[1, 0, 1, 1], [1, 0, 0, 0]], bool)
    counts = count(truth, predicted)
    assert counts == Counts(both=3, missed=2, invented=1)
    assert counts.iou == 3 / 6
    assert counts.dice == 6 / 9
    assert counts.precision == 3 / 4
    assert counts.recall == 3 / 5


@pytest.mark.parametrize(
    ("counts", "iou", "dice", "precision", "recall"),
    [
        (Counts(0, 0, 0), None, None, None, None),  # nothing there, nothing found: undefined, not perfect
        (Counts(0, 0, 7), 0, 0, 0, None),  # nothing there, something invented
        (Counts(0, 7, 0), 0, 0, None, 0),  # something there, nothing found
        (Counts(7, 0, 0), 1, 1, 1, 1),
    ],
)
def test_an_undefined_score_is_none(counts, iou, dice, precision, recall):
    assert (counts.iou, counts.dice, counts.precision, counts.recall) == (iou, dice, precision, recall)


@given(masks, masks)
def test_counts_are_those_of_every_pixel_in_turn(truth, predicted):
    pairs = list(zip(truth.ravel().tolist(), predicted.ravel().tolist(), strict=True))
    counts = count(truth, predicted)
    assert counts == (pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))
    assert all(type(number) is int for number in counts)
    if counts.iou is not None:
        assert 0 <= counts.iou <= counts.dice <= 1
        assert counts.dice == pytest.approx(2 * counts.iou / (1 + counts.iou))


@given(masks, masks)
def test_exchanging_truth_and_prediction_exchanges_precision_and_recall(truth, predicted):
    one, other = count(truth, predicted), count(predicted, truth)
    assert (one.iou, one.precision, one.recall) == (other.iou, other.recall, other.precision)


def test_pooling_adds_up():
    assert pooled([Counts(1, 2, 3), Counts(10, 20, 30), Counts(0, 0, 0)]) == Counts(11, 22, 33)
    assert pooled(iter([Counts(1, 2, 3)])) == Counts(1, 2, 3)
    assert pooled([]) == Counts(0, 0, 0)


def test_masks_of_unlike_shapes_are_refused():
    with pytest.raises(ValueError, match=r"Received: \(2, 3\) and \(3, 2\)"):
        count(np.zeros((2, 3), bool), np.zeros((3, 2), bool))
    with pytest.raises(ValueError, match="Received: "):
        count(np.zeros((2, 3), bool), np.zeros((1, 3), bool))  # not even where NumPy would broadcast


def test_a_ratio_to_nothing_is_undefined():
    assert ratio(1, 2) == 0.5
    assert ratio(0, 5) == 0
    assert ratio(0, 0) is None
