"""Scores of the rectangle class during training: the built-in IoU, counted fast, and its kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from shapeseg.labels import AMBIGUOUS, BACKGROUND, TARGET
from shapeseg.training.processes import total

_LIMB = 2**20  # counts are kept as high * 2^20 + low, so that int32, all that jax has by default, never overflows


@keras.saving.register_keras_serializable(package="shapeseg")
class BinaryIoU(keras.metrics.BinaryIoU):
    """``keras.metrics.BinaryIoU`` with the same arguments and the same result, but with a vectorised count.

    The built-in's confusion matrix is a Python loop over pixels on torch (Keras 3.15.1), which costs many times a training
    step, and an int32 that overflows after some 43,000 images of 224 x 224.

    Labels other than 0 and 1 are left out, as the built-in does; with ``ambiguous=True`` the labels 2 and 3 count as 0 and 1,
    and labels must be uint8.
    """

    def __init__(
        self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, ambiguous: bool = False, **options: Any
    ) -> None:
        super().__init__(target_class_ids=target_class_ids, threshold=threshold, **options)
        self.ambiguous = ambiguous
        self.total_cm_high = self.add_variable(shape=(2, 2), initializer="zeros", dtype=self.dtype, name="total_cm_high")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch; arrays of any one shape, integer labels, scores against the threshold."""
        labels = ops.convert_to_tensor(y_true)
        if self.ambiguous:
            labels = ops.bitwise_and(labels, 255 - AMBIGUOUS)
        predicted = ops.convert_to_tensor(y_pred, "float32") >= self.threshold
        weight = None
        if sample_weight is not None:
            weight = ops.broadcast_to(ops.convert_to_tensor(sample_weight, self.dtype), ops.shape(labels))
        counts = []
        for label in (BACKGROUND, TARGET):
            of_label = ops.equal(labels, label)
            positives = _count(ops.logical_and(of_label, predicted), weight)
            counts += [_count(of_label, weight) - positives, positives]
        low = self.total_cm + ops.reshape(ops.cast(ops.stack(counts), self.dtype), (2, 2))
        self.total_cm_high.assign_add(low // _LIMB)
        self.total_cm.assign(low % _LIMB)

    def matrix(self) -> Any:
        """Returns the confusion matrix so far, float32 (2, 2): truth down, prediction across."""
        return total(ops.cast(self.total_cm_high, "float32") * _LIMB + ops.cast(self.total_cm, "float32"))

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

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this metric."""
        return super().get_config() | {"ambiguous": self.ambiguous}


@keras.saving.register_keras_serializable(package="shapeseg")
class Precision(BinaryIoU):
    """Share of the pixels predicted to be target that are."""

    def result(self) -> Any:
        """Returns true positives over predicted positives, 0 when there are none."""
        matrix = self.matrix()
        return ops.divide_no_nan(matrix[1, 1], matrix[0, 1] + matrix[1, 1])


@keras.saving.register_keras_serializable(package="shapeseg")
class Recall(BinaryIoU):
    """Share of the target pixels that are predicted to be."""

    def result(self) -> Any:
        """Returns true positives over actual positives, 0 when there are none."""
        matrix = self.matrix()
        return ops.divide_no_nan(matrix[1, 1], matrix[1, 0] + matrix[1, 1])


def epoch_metrics() -> list[keras.metrics.Metric]:
    """Returns the metrics of a training run: IoU on all pixels and on decidable ones, precision and recall on all."""
    return [
        BinaryIoU([TARGET], ambiguous=True, name="iou"),
        BinaryIoU([TARGET], name="iou_decidable"),
        Precision(ambiguous=True, name="precision"),
        Recall(ambiguous=True, name="recall"),
    ]


def _count(chosen: Any, weight: Any) -> Any:
    if weight is None:
        return ops.cast(ops.sum(ops.cast(chosen, "uint8")), "int32")  # summed in 32 bits; booleans cost more on torch
    return ops.cast(ops.sum(ops.where(chosen, weight, 0)), "int32")
