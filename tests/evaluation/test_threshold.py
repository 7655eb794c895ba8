import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapeseg.evaluation.counts import count
from shapeseg.evaluation.threshold import CANDIDATES, best_candidate, counts_at, histograms


def best_threshold(batches):
    return best_candidate(sum(histograms(truth, probability) for truth, probability in batches))


def by_trial(batches):
    """Tries every candidate on every pixel; of equals, the one nearest 0.5."""
    truth = np.concatenate([truth.ravel() for truth, _ in batches])
    probability = np.concatenate([probability.ravel() for _, probability in batches])

    def iou(candidate):
        predicted = probability >= np.float32(candidate)
        either = (truth | predicted).sum()
        return (truth & predicted).sum() / either if either else 0

    best = max(map(iou, CANDIDATES))
    return [candidate for candidate in CANDIDATES if iou(candidate) == best]


def check(batches):
    chosen, equals = best_threshold(batches), by_trial(batches)
    assert chosen in equals
    assert abs(chosen - 0.5) <= min(abs(candidate - 0.5) for candidate in equals) + 1e-9


def test_the_candidates_are_the_twentieths():
    assert list(CANDIDATES) == pytest.approx([0.05 * k for k in range(1, 20)])


@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
def test_it_is_the_best_of_all_candidates(seed, batches, coarse):
    random = np.random.Generator(np.random.PCG64(seed))
    made = []
    for _ in range(batches):
        truth = random.random((2, 4, 5)) < random.random()
        probability = random.random((2, 4, 5)) ** random.choice([0.3, 1, 3])
        if coarse:  # many probabilities equal a candidate
            probability = np.round(probability * 20) / 20
        made.append((truth, probability.astype(np.float32)))
    check(made)


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_a_probability_equal_to_the_threshold_counts_as_rectangle(candidate):
    # Two rectangle pixels at the candidate itself, background just below it: only that candidate separates them.
    truth = np.array([[[True, True, False, False]]])
    edge = np.float32(candidate)
    below = np.nextafter(edge, np.float32(0))
    assert best_threshold([(truth, np.array([[[edge, edge, below, below]]], np.float32))]) == candidate


def test_of_equals_it_takes_the_middle():
    truth = np.array([[[True, False]]])
    assert best_threshold([(truth, np.array([[[1.0, 0.0]]], np.float32))]) == 0.5
    assert best_threshold([(truth, np.array([[[0.32, 0.0]]], np.float32))]) == pytest.approx(0.3)
    assert best_threshold([(truth, np.array([[[1.0, 0.68]]], np.float32))]) == pytest.approx(0.7)


def test_without_any_rectangle_it_stays_in_the_middle():
    nothing = np.zeros((1, 3, 3), bool)
    assert best_threshold([(nothing, np.zeros((1, 3, 3), np.float32))]) == 0.5
    assert best_threshold([(nothing, np.full((1, 3, 3), 0.97, np.float32))]) == 0.5


def test_batches_are_pooled():
    # Alone, the first batch is best at 0.05 to 0.2 and the second, larger one, only above 0.6; together the second decides.
    first = (np.ones((1, 1, 2), bool), np.full((1, 1, 2), 0.22, np.float32))
    rectangle = np.arange(40).reshape(1, 1, 40) < 20
    second = (rectangle, np.where(rectangle, np.float32(0.66), np.float32(0.6)))
    check([first, second])
    assert best_threshold([first, second]) == pytest.approx(0.65)


@given(st.integers(0, 10**6), st.sampled_from(CANDIDATES))
def test_histograms_hold_the_counts_at_every_candidate(seed, candidate):
    random = np.random.Generator(np.random.PCG64(seed))
    truth = random.random((6, 7)) < 0.4
    probability = np.round(random.random((6, 7)) * 40).astype(np.float32) / 40
    assert counts_at(histograms(truth, probability), candidate) == count(truth, probability >= candidate)
