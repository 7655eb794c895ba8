"""Rectangle IoU during training: the built-in metric, counted fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

_LIMB = 2**20  # counts are kept as high * 2^20 + low, so that int32, all that jax has by default, never overflows


@keras.saving.register_keras_serializable(package="shapeseg")
class BinaryIoU(keras.metrics.BinaryIoU):
    """``keras.metrics.BinaryIoU`` with the same arguments and the same result, but with a vectorised count.

    The built-in's confusion matrix is a Python loop over pixels on torch (Keras 3.15.1), which costs many times a training
    step, and an int32 that overflows after some 43,000 images of 224 x 224.
    """

    def __init__(self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, **options: Any) -> None:
        super().__init__(target_class_ids=target_class_ids, threshold=threshold, **options)
        self.total_cm_high = self.add_variable(shape=(2, 2), initializer="zeros", dtype=self.dtype, name="total_cm_high")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch; arrays of any one shape, labels 0 and 1 (others are left out), scores against the threshold."""
        labels = ops.convert_to_tensor(y_true, self.dtype)
        predicted = ops.convert_to_tensor(y_pred, "float32") >= self.threshold
        weight = None
        if sample_weight is not None:
            weight = ops.broadcast_to(ops.convert_to_tensor(sample_weight, self.dtype), ops.shape(labels))
        counts = []
        for label in (0, 1):
            of_label = ops.equal(labels, label)
            found = ops.logical_and(of_label, predicted)
            positives = _count(found, weight)
            counts += [_count(of_label, weight) - positives, positives]
        low = self.total_cm + ops.reshape(ops.cast(ops.stack(counts), self.dtype), (2, 2))
        self.total_cm_high.assign_add(low // _LIMB)
        self.total_cm.assign(low % _LIMB)

    def result(self) -> Any:
        """Returns the mean IoU over ``target_class_ids``, leaving out those that neither truth nor prediction holds."""
        matrix = ops.cast(self.total_cm_high, "float32") * _LIMB + ops.cast(self.total_cm, "float32")
        both = ops.diagonal(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        ids = list(self.target_class_ids)
        both, either = (ops.take(counts, ids) for counts in (both, either))
        ratios = ops.divide_no_nan(both, either)
        return ops.divide_no_nan(ops.sum(ratios), ops.sum(ops.cast(either > 0, "float32")))

    def reset_state(self) -> None:
        """Forgets all counts."""
        super().reset_state()
        self.total_cm_high.assign(ops.zeros_like(self.total_cm_high))


def _count(chosen: Any, weight: Any) -> Any:
    if weight is None:
        return ops.sum(ops.cast(chosen, "int32"))
    return ops.sum(ops.where(chosen, weight, 0))
