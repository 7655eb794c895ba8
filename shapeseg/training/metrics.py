"""Scores of the rectangle class during training: the built-in IoU, counted fast, and its kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from shapeseg.labels import BACKGROUND, TARGET, crossed
from shapeseg.training.processes import total

_LIMB = 2**20  # counts are kept as high * 2^20 + low, so that int32, all that jax has by default, never overflows


@keras.saving.register_keras_serializable(package="shapeseg")
class BinaryIoU(keras.metrics.BinaryIoU):
    """``keras.metrics.BinaryIoU`` with the same arguments and the same result, but with a vectorised count.

    The built-in's confusion matrix is a Python loop over pixels on torch (Keras 3.15.1), which costs many times a training
    step, and an int32 that overflows after some 43,000 images of 224 x 224.

    Labels other than 0 and 1 are left out, as the built-in does.
    """

    def __init__(self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, **options: Any) -> None:
        super().__init__(target_class_ids=target_class_ids, threshold=threshold, **options)
        self.total_cm_high = self.add_variable(shape=(2, 2), initializer="zeros", dtype=self.dtype, name="total_cm_high")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch; arrays of any one shape, integer labels, scores against the threshold."""
        labels = ops.convert_to_tensor(y_true)
        predicted = ops.convert_to_tensor(y_pred, "float32") >= self.threshold
        weight = None
        if sample_weight is not None:
            weight = ops.broadcast_to(ops.convert_to_tensor(sample_weight, self.dtype), ops.shape(labels))
        counts = []
        for label in (BACKGROUND, TARGET):
            of_label = ops.equal(labels, label)
            positives = _count(ops.logical_and(of_label, predicted), weight)
            counts += [_count(of_label, weight) - positives, positives]
        _add(ops.stack(counts), self.total_cm, self.total_cm_high)

    def matrix(self) -> Any:
        """Returns the confusion matrix so far, float32 (2, 2): truth down, prediction across."""
        return _sum(self.total_cm, self.total_cm_high)

    def result(self) -> Any:
        """Returns the mean IoU over ``target_class_ids``, leaving out those that neither truth nor prediction holds."""
        matrix = self.matrix()
        both = ops.diagonal(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        ids = list(self.target_class_ids)
        both, either = (ops.take(counts, ids) for counts in (both, either))
        ratios = ops.divide_no_nan(both, either)
        return ops.divide_no_nan(ops.sum(ratios), ops.sum(ops.cast(either > 0, "float32")))

    def reset_state(self) -> None:
        """Forgets all counts."""
        super().reset_state()
        self.total_cm_high.assign(ops.zeros((2, 2), self.dtype))


@keras.saving.register_keras_serializable(package="shapeseg")
class PixelScores(BinaryIoU):
    """All scores of the rectangle class from one count of label maps (:mod:`shapeseg.labels`), which must be uint8.

    The result holds ``iou``, ``precision`` and ``recall`` on all pixels but ignored ones, and ``iou_decidable`` without the
    ambiguous ones. Sample weights are not used.
    """

    def __init__(self, target_class_ids: Sequence[int] = (TARGET,), threshold: float = 0.5, **options: Any) -> None:
        super().__init__(target_class_ids=target_class_ids, threshold=threshold, **options)
        low, high = (
            self.add_variable(shape=(2, 2), initializer="zeros", dtype=self.dtype, name=name)
            for name in ("ambiguous_cm", "ambiguous_cm_high")
        )
        self.ambiguous_cm, self.ambiguous_cm_high = low, high

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch of label maps and probabilities, (B, H, W, 1)."""
        labels = ops.convert_to_tensor(y_true)
        predicted = ops.cast(ops.convert_to_tensor(y_pred) >= self.threshold, "uint8")
        counts = _histogram(crossed(labels, predicted))
        _add(counts[:4], self.total_cm, self.total_cm_high)
        _add(counts[4:], self.ambiguous_cm, self.ambiguous_cm_high)

    def result(self) -> dict[str, Any]:
        """Returns each score; 0 when it is undefined, as Keras does."""
        decidable = self.matrix()
        every = decidable + _sum(self.ambiguous_cm, self.ambiguous_cm_high)
        actual, predicted = ops.sum(every, axis=1)[TARGET], ops.sum(every, axis=0)[TARGET]
        right = every[TARGET, TARGET]
        return {
            "iou": ops.divide_no_nan(right, actual + predicted - right),
            "iou_decidable": ops.divide_no_nan(decidable[1, 1], ops.sum(decidable) - decidable[0, 0]),
            "precision": ops.divide_no_nan(right, predicted),
            "recall": ops.divide_no_nan(right, actual),
        }

    def reset_state(self) -> None:
        """Forgets all counts."""
        super().reset_state()
        for variable in (self.ambiguous_cm, self.ambiguous_cm_high):
            variable.assign(ops.zeros((2, 2), self.dtype))


def _add(counts: Any, low: keras.Variable, high: keras.Variable) -> None:
    """Adds four counts to a confusion matrix in two parts."""
    summed = low + ops.reshape(ops.cast(counts, low.dtype), (2, 2))
    high.assign_add(summed // _LIMB)
    low.assign(summed % _LIMB)


def _sum(low: keras.Variable, high: keras.Variable) -> Any:
    """Returns a confusion matrix in two parts, over all processes, as float32."""
    return total(ops.cast(high, "float32") * _LIMB + ops.cast(low, "float32"))


def _histogram(codes: Any) -> Any:
    """Counts the numbers 0 to 7 among ``codes``, uint8."""
    if keras.backend.backend() == "torch":
        return ops.bincount(ops.reshape(codes, (-1,)), minlength=8)[:8]
    return ops.stack([_count(ops.equal(codes, code), None) for code in range(8)])  # what compiles on every backend


def _count(chosen: Any, weight: Any) -> Any:
    if weight is None:
        return ops.cast(ops.sum(ops.cast(chosen, "uint8")), "int32")  # summed in 32 bits; booleans cost more on torch
    return ops.cast(ops.sum(ops.where(chosen, weight, 0)), "int32")
