"""Compares our BinaryIoU with Keras's own and with exact integers; as a script, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import warnings
from fractions import Fraction
from itertools import product

import keras
import numpy as np
import pytest

from shapeseg.training.metrics import BinaryIoU

SHAPE = (2, 5, 4, 1)
TARGETS = ([1], [0], [0, 1])
THRESHOLDS = (0.05, 0.5, 0.9)


def batches(kind, random):
    """Returns three batches of labels and scores; scores are twentieths, so that some equal the threshold."""
    made = []
    for _ in range(3):
        labels = random.integers(0, 2, SHAPE)
        scores = random.integers(0, 21, SHAPE) / 20
        if kind == "empty truth":
            labels = np.zeros(SHAPE, int)
        elif kind == "empty prediction":
            scores = np.zeros(SHAPE)
        elif kind == "all empty":
            labels, scores = np.zeros(SHAPE, int), np.zeros(SHAPE)
        elif kind == "all full":
            labels, scores = np.ones(SHAPE, int), np.ones(SHAPE)
        elif kind == "perfect":
            scores = labels.astype(float)
        elif kind == "inverted":
            scores = 1.0 - labels
        elif kind == "labels out of range":
            labels = random.integers(-1, 4, SHAPE)
        elif kind == "flat":
            labels, scores = labels.reshape(-1), scores.reshape(-1)
        made.append((labels, scores.astype("float32")))
    return made


KINDS = (
    "random",
    "empty truth",
    "empty prediction",
    "all empty",
    "all full",
    "perfect",
    "inverted",
    "labels out of range",
    "flat",
)


def weights(kind, shape, random):
    """Returns sample weights of 0 and 1, whole numbers as Keras asks for."""
    return {
        "none": None,
        "some": random.integers(0, 2, shape).astype("int32"),
        "nothing counts": np.zeros(shape, "int32"),
        "one number": np.array(1, "int32"),
    }[kind]


def value(metric):
    return float(keras.ops.convert_to_numpy(metric.result()))


def check_equal_to_the_built_in(kind, weighted, label_type="uint8"):
    """Feeds both metrics the same batches, compares after each, and again after a reset."""
    random = np.random.Generator(np.random.PCG64(KINDS.index(kind)))
    for targets, threshold in product(TARGETS, THRESHOLDS):
        ours = BinaryIoU(target_class_ids=targets, threshold=threshold)
        theirs = keras.metrics.BinaryIoU(target_class_ids=targets, threshold=threshold)
        for repeat in range(2):
            for labels, scores in batches(kind, random):
                weight = weights(weighted, labels.shape, random)
                labels = labels.astype("int32" if labels.min() < 0 else label_type)
                for metric in (ours, theirs):
                    metric.update_state(labels, scores, sample_weight=weight)
                assert abs(value(ours) - value(theirs)) <= 1e-6, (targets, threshold, value(ours), value(theirs))
            for metric in (ours, theirs):
                metric.reset_state()
            assert value(ours) == value(theirs) == 0, repeat


def check_equal_to_plain_counting():
    """Rectangle IoU of several batches is that of all their pixels at once."""
    random = np.random.Generator(np.random.PCG64(99))
    ours = BinaryIoU(target_class_ids=[1], threshold=0.5)
    both = either = 0
    for _ in range(5):
        labels = random.integers(0, 2, (3, 64, 64, 1)).astype("uint8")
        scores = random.random((3, 64, 64, 1)).astype("float32")
        ours.update_state(labels, scores)
        truth, predicted = labels == 1, scores >= np.float32(0.5)
        both += int((truth & predicted).sum())
        either += int((truth | predicted).sum())
        assert abs(value(ours) - both / either) <= 1e-6


def check_counts_beyond_32_bits():
    """Big weights stand in for many images: sums pass 2**31 and 2**32, and each of the four kinds of pixel still counts."""
    labels, scores = np.array([1, 1, 0, 0]), np.array([0.9, 0.1, 0.9, 0.1], "float32")
    weight = np.array([3 * 2**27, 2**27, 2**26 + 1, 5 * 2**26], "int32")  # a batch fits int32
    hit, missed, invented, rejected = (int(each) for each in weight)
    rectangle = Fraction(hit, hit + missed + invented)
    background = Fraction(rejected, rejected + missed + invented)
    for targets, expected in (([1], rectangle), ([0], background), ([0, 1], (rectangle + background) / 2)):
        ours = BinaryIoU(target_class_ids=targets)
        for updates in range(1, 31):
            ours.update_state(labels, scores, sample_weight=weight)
            assert abs(value(ours) - float(expected)) <= 1e-6, (targets, updates)
        assert 30 * hit > 2**33


def check_what_else_the_built_in_accepts():
    """Fractional weights and labels, ranks that differ, floating-point dtypes: the same value after each batch."""
    random = np.random.Generator(np.random.PCG64(5))
    labels, scores = random.integers(0, 2, (3, 4, 4)), random.random((3, 4, 4)).astype("float32")
    fractions = random.random((3, 4, 4)).astype("float32")
    cases = {
        "fractional weights": (labels, scores, fractions),
        "weights that are cut": (labels, scores, 3 * fractions),
        "tiny weights": (labels, scores, 1e-9 * fractions),
        "unlike ranks": (labels[..., None], scores.reshape(3, 16), fractions.reshape(-1)),
        "weights of a rank of their own": (labels.reshape(-1), scores, fractions[..., None]),
        "fractional labels": (3 * fractions - 1, scores, None),
        "scores that are whole": (labels, labels.astype("int32"), None),
        "scores that are no numbers": (labels, np.where(fractions < 0.5, np.nan, scores), None),
        "flat with a weight each": (labels[0, 0], scores[0, 0], fractions[0, 0]),
    }
    for name, dtype, targets in product(cases, (None, "int32", "float32"), TARGETS):
        case, settings = cases[name], {"target_class_ids": targets, "threshold": 0.4, "dtype": dtype}
        ours, theirs = BinaryIoU(**settings), keras.metrics.BinaryIoU(**settings)
        for _ in range(3):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the built-in's, of weights that are cut
                for metric in (ours, theirs):
                    metric.update_state(*case)
            assert abs(value(ours) - value(theirs)) <= 1e-6, (name, dtype, targets, value(ours), value(theirs))


def check_unequal_numbers_are_refused():
    for labels, scores in (((4, 1), (4, 2)), ((4,), (1,)), ((1,), (4,)), ((2, 3), (2, 4))):
        with pytest.raises(ValueError, match="as many scores as labels are needed"):
            BinaryIoU().update_state(np.ones(labels, "int32"), np.ones(scores, "float32"))
    for weights in ((2,), (2, 1, 1), (5,)):
        with pytest.raises(ValueError, match="one weight, or one a label, is needed"):
            BinaryIoU().update_state(np.ones((2, 2, 1), "int32"), np.ones((2, 2, 1), "float32"), np.ones(weights, "int32"))


def check_it_is_equal_in_fit():
    """Where a backend compiles the step, the size of a batch may be open; the last of these is smaller."""
    random = np.random.Generator(np.random.PCG64(6))
    images, masks = random.random((5, 4, 4, 3)).astype("float32"), random.integers(0, 2, (5, 4, 4, 1)).astype("uint8")
    model = keras.Sequential([keras.layers.Input((4, 4, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    scores = [kind([1], name=name) for kind, name in ((BinaryIoU, "ours"), (keras.metrics.BinaryIoU, "theirs"))]
    weighted = [kind([1], name=name) for kind, name in ((BinaryIoU, "ours_of_some"), (keras.metrics.BinaryIoU, "some"))]
    model.compile("sgd", "binary_crossentropy", metrics=scores, weighted_metrics=weighted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the built-in's, of weights that are cut
        found = model.fit(images, masks, 2, sample_weight=random.integers(0, 2, (5, 4, 4)), verbose=0).history
    assert abs(found["ours"][0] - found["theirs"][0]) <= 1e-6, found
    assert abs(found["ours_of_some"][0] - found["some"][0]) <= 1e-6, found


def check_everything():
    check_it_is_equal_in_fit()
    check_what_else_the_built_in_accepts()
    check_unequal_numbers_are_refused()
    for kind, weighted in product(KINDS, ("none", "some", "nothing counts", "one number")):
        check_equal_to_the_built_in(kind, weighted)
    check_equal_to_plain_counting()
    check_counts_beyond_32_bits()


if __name__ == "__main__":
    check_everything()
    raise SystemExit(f"equal on {keras.backend.backend()}")
