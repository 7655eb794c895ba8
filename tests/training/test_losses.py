import math

import keras
import numpy as np
import pytest

from shapeseg.training.losses import CrossEntropyDice

SHAPE = (2, 100, 100, 1)
HALF = np.zeros(SHAPE, "uint8")
HALF[:, :50] = 1
NONE = np.zeros(SHAPE, "uint8")
FIRST_ONLY = HALF * np.array([1, 0], "uint8").reshape(2, 1, 1, 1)


def loss(truth, prediction, **options):
    prediction = np.broadcast_to(np.asarray(prediction, "float32"), truth.shape).copy()
    return float(keras.ops.convert_to_numpy(CrossEntropyDice(**options)(truth, prediction)))


@pytest.mark.parametrize("truth", [HALF, NONE, FIRST_ONLY, 1 - NONE])
def test_a_perfect_prediction_has_no_loss(truth):
    assert 0 <= loss(truth, truth) < 1e-4


@pytest.mark.parametrize("truth", [HALF, NONE, FIRST_ONLY, 1 - NONE])
def test_the_opposite_prediction_has_a_finite_loss_that_is_large(truth):
    assert 10 < loss(truth, 1 - truth) < 30


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 3.0])
def test_worked_values(weight):
    # Truth on half of the pixels, 1/2 predicted everywhere. Cross-entropy: -ln(1/2) at each pixel.
    # Dice: 2 * sum(y p) = 2 * 10000 * 1/2 = 10000, over sum(y) + sum(p) = 10000 + 10000: loss 1/2.
    assert loss(HALF, 0.5, dice_weight=weight) == pytest.approx(math.log(2) + weight / 2, abs=1e-3)
    # 0.8 predicted on the truth and 0.4 elsewhere: -(ln 0.8 + ln 0.6) / 2; Dice 2 * 8000 / (10000 + 12000) = 8 / 11.
    expected = -(math.log(0.8) + math.log(0.6)) / 2 + weight * 3 / 11
    assert loss(HALF, np.where(HALF, 0.8, 0.4), dice_weight=weight) == pytest.approx(expected, abs=1e-3)


def test_dice_is_pooled_over_the_batch():
    # 5000 true pixels, all in the first image; 1/4 predicted at each of 20000: 2 * 1250 / (5000 + 5000) = 1/4, loss 3/4.
    # Cross-entropy: of 20000 pixels 5000 have -ln(1/4) and 15000 have -ln(3/4).
    expected = -(math.log(0.25) + 3 * math.log(0.75)) / 4 + 3 / 4
    assert loss(FIRST_ONLY, 0.25) == pytest.approx(expected, abs=1e-3)


def test_it_gives_a_loss_a_sample_which_can_be_weighted():
    truth = FIRST_ONLY.astype("float32")
    prediction = keras.ops.convert_to_tensor(np.full(SHAPE, 0.25, "float32"))
    # The first image: (-ln(1/4) - ln(3/4)) / 2; the second: -ln(3/4); both share the Dice loss of the batch.
    first, second = -(math.log(0.25) + math.log(0.75)) / 2 + 0.75, -math.log(0.75) + 0.75
    each = keras.ops.convert_to_numpy(CrossEntropyDice().call(keras.ops.convert_to_tensor(truth), prediction))
    assert each.tolist() == pytest.approx([first, second], abs=1e-3)
    weighted = CrossEntropyDice()(truth, prediction, sample_weight=np.array([1.0, 0.0], "float32"))
    assert float(keras.ops.convert_to_numpy(weighted)) == pytest.approx(first / 2, abs=1e-3)


def test_a_better_prediction_has_a_smaller_loss():
    values = [loss(HALF, np.where(HALF, p, 1 - p)) for p in np.linspace(0.02, 0.98, 25)]
    assert values == sorted(values, reverse=True)


def test_it_is_rebuilt_from_its_config():
    twin = keras.losses.deserialize(keras.losses.serialize(CrossEntropyDice(2.5)))
    assert type(twin) is CrossEntropyDice
    assert twin.dice_weight == 2.5
