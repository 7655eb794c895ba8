import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from scipy.ndimage import label

from shapeseg.evaluation.components import pieces
from shapeseg.evaluation.panoptic import match, panoptic_quality

masks = arrays(bool, (9, 10))
EDGES = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


def measured(truth, predicted):
    return panoptic_quality([match(pieces(truth), pieces(predicted))])


def by_definition(truth, predicted):
    """Kirillov et al.: every pair of pieces, in plain loops."""
    true_numbers, true_count = label(truth, EDGES)
    numbers, count = label(predicted, EDGES)
    ious = []
    for k in range(1, true_count + 1):
        for m in range(1, count + 1):
            one, other = true_numbers == k, numbers == m
            iou = (one & other).sum() / (one | other).sum()
            if iou > 0.5:
                ious.append(iou)
    found, invented, missed = len(ious), count - len(ious), true_count - len(ious)
    weighed = found + invented / 2 + missed / 2
    pq = sum(ious) / weighed if weighed else None
    return pq, found, invented, missed


@given(masks, masks)
def test_it_is_the_definition(truth, predicted):
    predicted = truth ^ (predicted & np.roll(predicted, 1))  # near enough that pieces match
    pq, *counts = by_definition(truth, predicted)
    found = measured(truth, predicted)
    assert [found["true_positives"], found["false_positives"], found["false_negatives"]] == counts
    assert found["pq"] == (None if pq is None else pytest.approx(pq))


def test_by_hand():
    # truth      predicted    pieces of the truth: A (4), B (2), C (1)
    # A A . B    A A . .      A is found whole: IoU 1. B lost one of two pixels: IoU 1/2, which is not above 1/2.
    # A A . B    A A . B      C is missed; the piece below is invented.
    # . . . .    . . . .      1 match, 2 invented (half of B, D), 2 missed (B, C): PQ = 1 / (1 + 1 + 1)
    # . C . .    . . D D
    truth = np.array([[1, 1, 0, 1], [1, 1, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]], bool)
    predicted = np.array([[1, 1, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 1]], bool)
    assert measured(truth, predicted) == {
        "pq": pytest.approx(1 / 3),
        "sq": 1.0,
        "rq": pytest.approx(1 / 3),
        "true_positives": 1,
        "false_positives": 2,
        "false_negatives": 2,
    }


def test_touching_by_a_corner_is_not_touching():
    assert pieces(np.eye(3, dtype=bool)).max() == 3


def test_nothing_to_match_is_undefined():
    nothing, something = np.zeros((3, 3), bool), np.ones((3, 3), bool)
    assert measured(nothing, nothing)["pq"] is None
    assert measured(something, nothing) == {
        "pq": 0.0,
        "sq": None,
        "rq": 0.0,
        "true_positives": 0,
        "false_positives": 0,
        "false_negatives": 1,
    }


def test_images_are_pooled_by_their_pieces():
    one, two = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
    one[:, 0] = True
    two[0] = True
    matches = [match(pieces(one), pieces(one)), match(pieces(two), pieces(one))]
    # One match of IoU 1; the second image has one piece missed and one invented (IoU 1/5).
    assert panoptic_quality(matches)["pq"] == pytest.approx(1 / 2)
