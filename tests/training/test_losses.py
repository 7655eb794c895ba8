import math

import keras
import numpy as np
import pytest

from shapeseg.training.losses import LOSSES, SegmentationLoss

SHAPE = (2, 100, 100, 1)
HALF = np.zeros(SHAPE, "uint8")
HALF[:, :50] = 1
NONE = np.zeros(SHAPE, "uint8")
FIRST_ONLY = HALF * np.array([1, 0], "uint8").reshape(2, 1, 1, 1)
every_loss = pytest.mark.parametrize("kind", LOSSES)


def loss(truth, prediction, kind="bce+dice", **options):
    prediction = np.broadcast_to(np.asarray(prediction, "float32"), truth.shape).copy()
    return float(keras.ops.convert_to_numpy(SegmentationLoss(kind, **options)(truth, prediction)))


@every_loss
@pytest.mark.parametrize("truth", [HALF, FIRST_ONLY, 1 - NONE])
def test_a_perfect_prediction_has_no_loss(kind, truth):
    assert 0 <= loss(truth, truth, kind) < 1e-4


@every_loss
def test_an_empty_truth_perfectly_predicted_has_no_loss(kind):
    assert 0 <= loss(NONE, NONE, kind) < 1e-4


@every_loss
def test_the_opposite_prediction_has_a_finite_loss_that_is_large(kind):
    for truth in (HALF, FIRST_ONLY, 1 - NONE):
        assert 0.9 < loss(truth, 1 - truth, kind) < 30


@every_loss
def test_a_better_prediction_has_a_smaller_loss(kind):
    values = [loss(HALF, np.where(HALF, p, 1 - p), kind) for p in np.linspace(0.02, 0.98, 15)]
    assert values == sorted(values, reverse=True)


def test_worked_values():
    # Truth on half of the pixels, 1/2 predicted everywhere. Cross-entropy: -ln(1/2) at each pixel.
    # Dice: 2 * sum(y p) = 2 * 10000 * 1/2 = 10000, over sum(y) + sum(p) = 10000 + 10000: loss 1/2.
    assert loss(HALF, 0.5, "bce") == pytest.approx(math.log(2), abs=1e-4)
    assert loss(HALF, 0.5, "dice") == pytest.approx(0.5, abs=1e-3)
    # 0.8 predicted on the truth and 0.4 elsewhere: -(ln 0.8 + ln 0.6) / 2; Dice 2 * 8000 / (10000 + 12000) = 8 / 11.
    expected = -(math.log(0.8) + math.log(0.6)) / 2 + 3 / 11
    assert loss(HALF, np.where(HALF, 0.8, 0.4)) == pytest.approx(expected, abs=1e-3)


def test_tversky_weighs_missed_pixels_more_than_invented_ones_and_learns_from_empty_images():
    # 10000 true pixels and 10000 others, 0.8 and 0.4 predicted: 8000 found, 4000 invented, 2000 missed.
    expected = 1 - 8 / (8 + 0.3 * 4 + 0.7 * 2)
    assert loss(HALF, np.where(HALF, 0.8, 0.4), "tversky") == pytest.approx(expected, abs=1e-3)
    assert loss(NONE, 0.9, "tversky") > loss(NONE, 0.0001, "tversky") + 0.3


def test_focal_is_that_of_keras():
    rng = np.random.Generator(np.random.PCG64(1))
    prediction = rng.uniform(0.01, 0.99, SHAPE).astype("float32")
    expected = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True)(HALF.astype("float32"), prediction)
    assert loss(HALF, prediction, "focal") == pytest.approx(float(expected), rel=1e-4)


@every_loss
def test_a_network_that_diverged_has_a_loss_that_is_not_finite_and_no_error(kind):
    assert not math.isfinite(loss(HALF, math.nan, kind))


def test_dice_is_pooled_over_the_batch():
    # 5000 true pixels, all in the first image; 1/4 predicted at each of 20000: 2 * 1250 / (5000 + 5000) = 1/4, loss 3/4.
    # Cross-entropy: of 20000 pixels 5000 have -ln(1/4) and 15000 have -ln(3/4).
    assert loss(FIRST_ONLY, 0.25) == pytest.approx(-(math.log(0.25) + 3 * math.log(0.75)) / 4 + 3 / 4, abs=1e-3)


def test_the_border_weighs_five_times_as_much():
    # One straight border between rows 49 and 50; rows 48 to 51 lie within two pixels of it: 4 of 100 rows weigh 5, 96 weigh 1.
    wrong_at_the_border = np.where(np.isin(np.arange(100), range(48, 52)).reshape(1, 100, 1, 1), 0.5, HALF).astype("float32")
    assert loss(HALF, wrong_at_the_border, "boundary") == pytest.approx(math.log(2) * 20 / 116, abs=1e-4)
    wrong_far_away = np.where(np.isin(np.arange(100), range(10, 14)).reshape(1, 100, 1, 1), 0.5, HALF).astype("float32")
    assert loss(HALF, wrong_far_away, "boundary") == pytest.approx(math.log(2) * 4 / 116, abs=1e-4)


@every_loss
def test_nobody_is_blamed_for_ambiguous_and_ignored_pixels(kind):
    rng = np.random.Generator(np.random.PCG64(0))
    truth = HALF.copy()
    truth[:, 40:60] += 2  # ambiguous
    truth[:, 90:] = 255  # ignored
    prediction = rng.uniform(0.1, 0.4, SHAPE).astype("float32")
    other = np.where(truth < 2, prediction, 1 - prediction)
    assert loss(truth, prediction, kind) == pytest.approx(loss(truth, other, kind), rel=1e-6)
    # Told to blame, ambiguous pixels count with their label, and ignored ones still do not.
    blamed = loss(truth, prediction, kind, ambiguous="hard")
    assert abs(blamed - loss(truth, other, kind, ambiguous="hard")) > 1e-4
    if kind != "bce+decidable-dice":
        assert blamed == pytest.approx(loss(np.where(truth == 255, 255, truth % 2), prediction, kind), rel=1e-6)


@every_loss
def test_it_is_rebuilt_from_its_config(kind):
    twin = keras.losses.deserialize(keras.losses.serialize(SegmentationLoss(kind, "hard", 2.0)))
    assert type(twin) is SegmentationLoss
    assert (twin.kind, twin.ambiguous, twin.ambiguous_weight) == (kind, "hard", 2.0)


@pytest.mark.parametrize(("ignore_ambiguous", "ambiguous"), [(True, "exclude"), (False, "hard")])
def test_a_loss_of_an_earlier_version_is_rebuilt(ignore_ambiguous, ambiguous):
    twin = SegmentationLoss.from_config({"name": "loss", "kind": "bce", "ignore_ambiguous": ignore_ambiguous})
    assert (twin.name, twin.kind, twin.ambiguous, twin.ambiguous_weight) == ("loss", "bce", ambiguous, 1.0)


def soft_labels(share, q):
    """Label maps in which a share of the rows is ambiguous with probability q; of the others half are target."""
    rows = round(100 * share)
    codes, exact = HALF.astype("float32"), HALF.astype("float32")
    codes[:, 50 - rows // 2 : 50 + rows - rows // 2] += 2
    exact[:, 50 - rows // 2 : 50 + rows - rows // 2] = q
    return np.concatenate([codes, exact], axis=-1)


def exact_loss(labels, prediction, kind, weight=1.0):
    return float(SegmentationLoss(kind, "exact", weight)(labels, prediction))


def best_constant(kind, q):
    """The probability that has the least loss on ambiguous pixels of probability q, when all others are predicted well."""
    labels, candidates = soft_labels(0.1, q), np.linspace(0.01, 0.99, 99)
    here = labels[..., :1] >= 2
    truth = np.where(labels[..., :1] % 2 == 1, 0.98, 0.02)
    values = [exact_loss(labels, np.where(here, p, truth).astype("float32"), kind) for p in candidates]
    return candidates[np.argmin(values)]


@pytest.mark.parametrize("q", [0.1, 0.35, 0.5, 0.8])
@pytest.mark.parametrize("kind", ["bce", "bce+decidable-dice", "focal", "boundary"])
def test_an_exact_probability_has_the_least_loss_where_it_is_predicted(kind, q):
    assert best_constant(kind, q) == pytest.approx(q, abs=1e-6)


@pytest.mark.parametrize("q", [0.35, 0.8])
def test_with_published_soft_dice_another_probability_has_the_least_loss(q):
    """Alone it wants 0 or 1; cross-entropy beside it pulls back, but not to q."""
    assert best_constant("dice", q) in (pytest.approx(0.01), pytest.approx(0.99))
    assert abs(best_constant("bce+dice", q) - q) > 0.02


def test_exact_probabilities_worked_by_hand():
    # One pixel of probability 1/4 and one target, predicted 1/2 each: ln 2 whatever the label, so ln 2 in the mean.
    labels = np.array([2, 0.25, 1, 1], "float32").reshape(1, 2, 1, 2)
    assert exact_loss(labels, np.full((1, 2, 1, 1), 0.5, "float32"), "bce") == pytest.approx(math.log(2), abs=1e-6)
    # Predicted 1/4 and 1: its entropy, over two pixels. It weighs three times as much if told so, over as many.
    right = np.array([0.25, 1], "float32").reshape(1, 2, 1, 1)
    entropy = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
    assert exact_loss(labels, right, "bce") == pytest.approx(entropy / 2, abs=1e-6)
    assert exact_loss(labels, right, "bce", 3.0) == pytest.approx(3 * entropy / 2, abs=1e-6)
    # Dice of the decidable pixel alone is perfect; published, (2 (1/16 + 1) + 1) / (2 (1/4 + 1) + 1).
    assert exact_loss(labels, right, "bce+decidable-dice") == pytest.approx(entropy / 2, abs=1e-6)
    assert exact_loss(labels, right, "dice") == pytest.approx(1 - 3.125 / 3.5, abs=1e-6)


@every_loss
def test_without_ambiguous_pixels_every_way_is_the_same(kind):
    prediction = np.random.Generator(np.random.PCG64(2)).uniform(0.01, 0.99, SHAPE).astype("float32")
    both = np.concatenate([HALF, HALF], axis=-1).astype("float32")
    excluded = loss(HALF, prediction, kind)
    assert loss(HALF, prediction, kind, ambiguous="hard", ambiguous_weight=3.0) == excluded
    assert exact_loss(both, prediction, kind, 3.0) == pytest.approx(excluded, rel=1e-6)


@every_loss
def test_what_nobody_knows_is_not_learned_and_what_is_ignored_never(kind):
    labels = soft_labels(0.1, math.nan)
    labels[:, 90:, :, 0] = 255
    prediction, other = np.random.Generator(np.random.PCG64(3)).uniform(0.01, 0.99, (2, *SHAPE)).astype("float32")
    other = np.where(labels[..., :1] >= 2, other, prediction)
    assert exact_loss(labels, prediction, kind) == exact_loss(labels, other, kind)


def test_codes_alone_tell_no_probability():
    with pytest.raises(ValueError, match="codes and probabilities"):
        SegmentationLoss("bce", "exact")(HALF, HALF.astype("float32"))


@pytest.mark.parametrize("kind", ["bce", "focal"])
def test_sample_weights_select_where_each_sample_has_a_loss_of_its_own(kind):
    prediction = np.where(HALF, 0.8, 0.4).astype("float32")
    prediction[1] = 0.01
    whole = SegmentationLoss(kind, reduction=None)(HALF, prediction)
    assert tuple(whole.shape) == (2,)
    first = float(SegmentationLoss(kind)(HALF[:1], prediction[:1]))
    assert float(whole[0]) == pytest.approx(first, rel=1e-5)
    selected = SegmentationLoss(kind)(HALF, prediction, sample_weight=np.array([2.0, 0.0], "float32"))
    assert float(selected) == pytest.approx(first, rel=1e-5)
    assert float(whole[1]) > 2 * first


@pytest.mark.parametrize("kind", ["dice", "tversky", "boundary"])
def test_pooled_losses_have_one_value_a_batch(kind):
    assert tuple(SegmentationLoss(kind, reduction=None)(HALF, HALF.astype("float32")).shape) == ()
