import math

import keras
import numpy as np
import pytest
from binary_iou_cases import (
    KINDS,
    check_counts_beyond_32_bits,
    check_equal_to_plain_counting,
    check_equal_to_the_built_in,
    check_it_is_equal_in_fit,
    check_unequal_numbers_are_refused,
    check_what_else_the_built_in_accepts,
    value,
)
from command_runs import COMPILE_QUICKLY, REPOSITORY, run_python
from extras import other_backends

from shapeseg.training.metrics import AmbiguityScores, BinaryIoU


@pytest.mark.parametrize("weighted", ["none", "some", "nothing counts", "one number"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_equals_the_built_in(kind, weighted):
    check_equal_to_the_built_in(kind, weighted)


@pytest.mark.parametrize("label_type", ["float32", "int32", "bool"])
def test_labels_of_any_type_count_alike(label_type):
    check_equal_to_the_built_in("random", "some", label_type)


def test_it_equals_the_built_in_in_what_else_that_accepts():
    check_what_else_the_built_in_accepts()


def test_unequal_numbers_are_refused():
    check_unequal_numbers_are_refused()


def test_it_equals_the_built_in_in_a_fit():
    check_it_is_equal_in_fit()


def test_it_equals_plain_counting():
    check_equal_to_plain_counting()


def test_counts_beyond_32_bits_stay_exact():
    check_counts_beyond_32_bits()


def test_large_counts_are_exact_until_a_reset_forgets_them():
    # A ratio would not show that all four counts had lost the same share.
    hit, missed, invented, rejected = weight = np.array([3 * 2**20, 2**22, 2**21 + 5, 7], "int32")
    metric = BinaryIoU(target_class_ids=[1])
    for _ in range(2):
        for updates in range(1, 4):
            metric.update_state([1, 1, 0, 0], [0.9, 0.1, 0.9, 0.1], sample_weight=weight)
            matrix = keras.ops.convert_to_numpy(metric.matrix())
            assert matrix.tolist() == [[updates * rejected, updates * invented], [updates * missed, updates * hit]]
        metric.reset_state()


@pytest.mark.process
@pytest.mark.parametrize("backend", other_backends)
def test_it_does_all_that_on_other_backends_too(backend, tmp_path):
    if backend == "jax":
        pytest.importorskip("jax")
    script = REPOSITORY / "tests" / "training" / "binary_iou_cases.py"
    result = run_python(script, cwd=tmp_path, KERAS_BACKEND=backend, XLA_FLAGS=COMPILE_QUICKLY, PYTHONPATH=REPOSITORY)
    assert result.stderr.splitlines()[-1:] == [f"equal on {backend}"], result.stderr


def test_a_worked_confusion():
    # truth      1 1 1 0 0 0
    # prediction 1 1 0 1 0 0     both 2, missed 1, invented 1: rectangle 2 / 4; background 2 / 4
    for ids, expected in (([1], 0.5), ([0], 0.5), ([0, 1], 0.5)):
        metric = BinaryIoU(target_class_ids=ids, threshold=0.5)
        metric.update_state([1, 1, 1, 0, 0, 0], [0.9, 0.5, 0.49, 0.8, 0.2, 0.0])
        assert value(metric) == pytest.approx(expected, abs=1e-6)
    # prediction 1 0 0 0 0 0     rectangle 1 / 3; background 3 / 5; their mean 7 / 15
    for ids, expected in (([1], 1 / 3), ([0], 3 / 5), ([0, 1], 7 / 15)):
        metric = BinaryIoU(target_class_ids=ids, threshold=0.5)
        metric.update_state([1, 1, 1, 0, 0, 0], [0.9, 0.1, 0.1, 0.1, 0.1, 0.1])
        assert value(metric) == pytest.approx(expected, abs=1e-6)


def test_it_is_the_built_in_by_kind_and_settings():
    metric = BinaryIoU(target_class_ids=[1], threshold=0.3, name="iou")
    assert isinstance(metric, keras.metrics.BinaryIoU)
    twin = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(twin) is BinaryIoU
    assert (twin.threshold, list(twin.target_class_ids), twin.name) == (0.3, [1], "iou")


def test_ambiguous_pixels_are_scored_against_their_exact_probability():
    """Of four pixels one is decidable and one is known to nobody; the others have probabilities 1/4 and 1/2."""
    codes = np.array([2, 3, 0, 2], "float32")
    exact = np.array([0.25, 0.5, 0, np.nan], "float32")
    labels = np.stack([codes, exact], axis=-1).reshape(2, 2, 1, 2)
    predicted = np.array([0.5, 1.0, 0.9, 0.9], "float32").reshape(2, 2, 1, 1)
    metric = AmbiguityScores()
    for _ in range(2):
        metric.update_state(labels, predicted)
    found = {name: float(score) for name, score in metric.result().items()}
    floor = (-0.25 * math.log(0.25) - 0.75 * math.log(0.75) + math.log(2)) / 2
    assert found == {
        "log_loss": pytest.approx((math.log(2) - 0.5 * math.log(2**-23)) / 2, rel=0.02),  # 1 is clipped to 1 - 1e-7 or so
        "log_loss_floor": pytest.approx(floor, abs=1e-6),
    }
    metric.reset_state()
    metric.update_state(labels[1:], predicted[1:])
    assert all(math.isnan(score) for score in metric.result().values())  # no pixel is ambiguous and known
    metric.reset_state()
    metric.update_state(codes.astype("uint8").reshape(2, 2, 1, 1), predicted)
    assert metric.result() == {}  # nobody knows
