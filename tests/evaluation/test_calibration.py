import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from shapeseg.evaluation.calibration import PROBABILITY_BINS, calibration, reliability


def test_by_hand():
    # Bin 0: probabilities 0.00 and 0.05, none is rectangle: confidence 0.025, frequency 0.
    # Bin 9: 0.9 and 1.0, one of two is rectangle: confidence 0.95, frequency 0.5. Bin 3: 0.3, rectangle.
    # Error: (2 * 0.025 + 2 * 0.45 + 1 * 0.7) / 5 = 1.65 / 5
    probability = np.array([0, 0.05, 0.9, 1, 0.3], np.float32)
    truth = np.array([0, 0, 1, 0, 1], bool)
    found = calibration(reliability(probability, truth))
    assert found["expected_error"] == pytest.approx(1.65 / 5)
    assert found["pixels"] == 5
    assert [each["pixels"] for each in found["bins"]] == [2, 0, 0, 1, 0, 0, 0, 0, 0, 2]
    assert found["bins"][0] == {"low": 0, "high": 0.1, "pixels": 2, "confidence": pytest.approx(0.025), "frequency": 0}
    assert found["bins"][1] == {"low": 0.1, "high": 0.2, "pixels": 0, "confidence": None, "frequency": None}
    assert found["bins"][9]["frequency"] == 0.5


@given(st.integers(0, 10**6))
def test_the_curve_is_that_of_scikit_learn(seed):
    random = np.random.Generator(np.random.PCG64(seed))
    # Never on the border of a bin, where scikit-learn's rounding may differ from ours.
    probability = ((random.integers(0, 1000, (20, 30)) + 0.5) / 1000).astype(np.float32)
    truth = random.random((20, 30)) < probability
    found = [each for each in calibration(reliability(probability, truth))["bins"] if each["pixels"]]
    frequency, confidence = calibration_curve(truth.ravel(), probability.ravel(), n_bins=PROBABILITY_BINS)
    assert [each["frequency"] for each in found] == pytest.approx(frequency)
    assert [each["confidence"] for each in found] == pytest.approx(confidence, abs=1e-6)


def test_sums_of_images_are_those_of_all_their_pixels():
    random = np.random.Generator(np.random.PCG64(0))
    probability = random.random((2, 8, 8)).astype(np.float32)
    truth = random.random((2, 8, 8)) < 0.5
    apart = reliability(probability[0], truth[0]) + reliability(probability[1], truth[1])
    assert apart == pytest.approx(reliability(probability, truth))


@pytest.mark.parametrize("place", range(1, PROBABILITY_BINS))
def test_a_probability_at_a_bound_is_in_the_bin_above(place):
    sums = reliability(np.array([place / PROBABILITY_BINS], np.float32), np.array([True]))
    assert sums[0].tolist() == [float(bin_ == place) for bin_ in range(PROBABILITY_BINS)]


def test_no_pixels_are_undefined():
    assert calibration(np.zeros((3, PROBABILITY_BINS)))["expected_error"] is None
