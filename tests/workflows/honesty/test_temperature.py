"""Temperature scaling, on probabilities whose right temperature is known."""

import numpy as np
import pytest

from shapeseg.datasets.examples import Example
from shapeseg.evaluation.prediction import Predicted
from shapeseg.workflows.honesty.temperature import fitted_temperature, scaled


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def predicted(probability, labels):
    example = Example(0, np.zeros((*labels.shape, 3), np.uint8), labels.astype(np.uint8))
    return Predicted(example, probability, probability)


def test_logits_are_divided():
    logits = np.array([[-4.0, 0.0, 2.0]])
    assert scaled(sigmoid(logits).astype(np.float32), 2) == pytest.approx(sigmoid(logits / 2), rel=1e-5)
    assert scaled(np.array([0, 1], np.float32), 1) == pytest.approx([1e-7, 1 - 1e-7], abs=1e-8)


@pytest.mark.parametrize("temperature", [0.5, 1, 4])
def test_a_model_that_is_too_sure_is_found_out(temperature):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (300, 300))
    labels = random.random(logits.shape) < sigmoid(logits)
    sure = sigmoid(logits * temperature).astype(np.float32)
    assert fitted_temperature([predicted(sure, labels)]) == pytest.approx(temperature, rel=0.05)


def test_ignored_pixels_do_not_count():
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (200, 200))
    labels = (random.random(logits.shape) < sigmoid(logits)).astype(np.uint8)
    whole = fitted_temperature([predicted(sigmoid(logits).astype(np.float32), labels)])
    wrong = np.vstack([logits, np.full_like(logits, 9.0)])  # sure, and of pixels that nobody asks about
    ignored = np.vstack([labels, np.full_like(labels, 255)])
    assert fitted_temperature([predicted(sigmoid(wrong).astype(np.float32), ignored)]) == whole
