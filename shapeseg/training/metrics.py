"""Scores of the rectangle class during training: the built-in IoU, counted fast, and its kin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from shapeseg.labels import BACKGROUND, TARGET, crossed, is_ambiguous
from shapeseg.training.processes import total

_LIMB = 2**20  # counts are kept as high * 2^20 + low, so that int32, all that jax has by default, never overflows
_NOTHING = 1e-9  # a union below it is none, for the built-in


@keras.saving.register_keras_serializable(package="shapeseg")
class BinaryIoU(keras.metrics.BinaryIoU):
    """``keras.metrics.BinaryIoU``, fast on torch: the same arguments, and the same result in every case that it accepts.

    The built-in's confusion matrix is a Python loop over pixels on torch in Keras 3.15.1, which costs many times a training
    step; there the count is ours. Everywhere counts that are int32 would overflow after some 43,000 images of 224 x 224, and
    do not here; and unequal numbers of labels and scores are refused, never broadcast.
    """

    def __init__(self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, **options: Any) -> None:
        super().__init__(target_class_ids=target_class_ids, threshold=threshold, **options)
        self.total_cm_high = self.add_variable(shape=(2, 2), initializer="zeros", dtype=self.dtype, name="total_cm_high")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
            y_true: Labels of any shape; those that are neither 0 nor 1 are left out.
            y_pred: Scores, as many as labels, in the same order whatever their shape.
            sample_weight: One number, or one a label; with an integer dtype, which is usual, it is cut to whole numbers.

        Raises:
            ValueError: If the numbers of labels and scores, or weights, differ.
        """
        labels, scores = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred, "float32")
        number, given = _size(labels), _size(scores)
        if None not in (number, given) and number != given:
            raise ValueError(f"as many scores as labels are needed, received {tuple(scores.shape)} for {tuple(labels.shape)}")
        weights = 1 if sample_weight is None else _size(ops.convert_to_tensor(sample_weight))
        if None not in (number, weights) and weights not in (1, number):
            raise ValueError(f"one weight, or one a label, is needed for {tuple(labels.shape)}, received {weights}")
        if _BUILT_IN_IS_SLOW:
            self.total_cm.assign(self.total_cm + self._counted(labels, scores, sample_weight))
        else:
            super().update_state(labels, scores, sample_weight)
        if "int" in self.dtype:
            _carry(self.total_cm, self.total_cm_high)

    def _counted(self, labels: Any, scores: Any, sample_weight: Any) -> Any:
        """Returns the confusion matrix of a batch, (2, 2): truth down, prediction across."""
        if "float" in str(labels.dtype):
            labels = ops.cast(labels, self.dtype)  # to an integer, as the built-in reads them, or not
        labels, predicted = ops.reshape(labels, (-1,)), ops.reshape(scores, (-1,)) >= self.threshold
        weight = None
        if sample_weight is not None:
            weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            weight = ops.broadcast_to(ops.reshape(weight, (-1,)), ops.shape(labels))
        counts = []
        for label in (BACKGROUND, TARGET):
            of_label = ops.logical_and(labels >= label, labels < label + 1)
            positives = self._sum(ops.logical_and(of_label, predicted), weight)
            counts += [self._sum(of_label, weight) - positives, positives]
        return ops.reshape(ops.stack(counts), (2, 2))

    def _sum(self, chosen: Any, weight: Any) -> Any:
        if weight is None:
            return ops.cast(_count(chosen), self.dtype)
        return ops.cast(ops.sum(ops.where(chosen, weight, 0)), self.dtype)

    def matrix(self) -> Any:
        """Returns the confusion matrix so far, float32 (2, 2): truth down, prediction across."""
        return _joined(self.total_cm, self.total_cm_high)

    def result(self) -> Any:
        """Returns the mean IoU over ``target_class_ids``, leaving out those that neither truth nor prediction holds."""
        matrix = self.matrix()
        both = ops.diagonal(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        both, either = (ops.take(counts, list(self.target_class_ids)) for counts in (both, either))
        there = either > _NOTHING
        ratios = ops.where(there, both / (either + keras.config.epsilon()), 0.0)
        return ops.sum(ratios) / (ops.sum(ops.cast(there, "float32")) + keras.config.epsilon())

    def reset_state(self) -> None:
        """Forgets all counts."""
        super().reset_state()
        self.total_cm_high.assign(ops.zeros((2, 2), self.dtype))


@keras.saving.register_keras_serializable(package="shapeseg")
class PixelScores(BinaryIoU):
    """All scores of the rectangle class from one count of label maps (:mod:`shapeseg.labels`).

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
        """Counts a batch of label maps, (B, H, W, 1) or with exact probabilities (B, H, W, 2), and probabilities."""
        labels = ops.cast(ops.convert_to_tensor(y_true)[..., :1], "uint8")
        predicted = ops.cast(ops.convert_to_tensor(y_pred) >= self.threshold, "uint8")
        counts = _histogram(crossed(labels, predicted))
        _add(counts[:4], self.total_cm, self.total_cm_high)
        _add(counts[4:], self.ambiguous_cm, self.ambiguous_cm_high)

    def result(self) -> dict[str, Any]:
        """Returns each score; 0 when it is undefined, as Keras does."""
        decidable = self.matrix()
        every = decidable + _joined(self.ambiguous_cm, self.ambiguous_cm_high)
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


@keras.saving.register_keras_serializable(package="shapeseg")
class AmbiguityScores(keras.metrics.Metric):
    """How far predictions are from the exact probabilities of ambiguous pixels, where label maps hold these.

    The result holds ``log_loss``, the mean cross-entropy in nats, and ``log_loss_floor``, that of the exact probabilities,
    which no model can beat on average; NaN where no pixel is ambiguous, and nothing of label maps without probabilities.
    Sample weights are not used.
    """

    def __init__(self, name: str = "ambiguity_scores", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.sums = self.add_variable(shape=(3,), initializer="zeros", name="sums")  # pixels, log loss, floor
        self._told = False  # by the last batch: train may hold labels alone where val holds more

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch of label maps, (B, H, W, 1) or with exact probabilities (B, H, W, 2), and probabilities."""
        labels = ops.convert_to_tensor(y_true)
        self._told = labels.shape[-1] == 2
        if not self._told:
            return
        exact, predicted = labels[..., 1:], ops.cast(y_pred, labels.dtype)
        known = ops.logical_and(is_ambiguous(labels[..., :1]), ops.logical_not(ops.isnan(exact)))
        parts = (1.0, _cross_entropy(exact, predicted), _cross_entropy(exact, exact))
        self.sums.assign_add(ops.stack([ops.sum(ops.where(known, part, 0.0)) for part in parts]))

    def result(self) -> dict[str, Any]:
        """Returns both scores, or nothing."""
        if not self._told:
            return {}
        pixels, log_loss, floor = ops.unstack(total(self.sums.value))
        return {"log_loss": log_loss / pixels, "log_loss_floor": floor / pixels}


def _size(values: Any) -> int | None:
    """Returns how many numbers a tensor holds; None where a graph of TensorFlow does not know the batch yet."""
    return None if None in tuple(values.shape) else math.prod(values.shape)


def _cross_entropy(exact: Any, predicted: Any) -> Any:
    """Returns that of each pixel, in nats."""
    predicted = ops.clip(predicted, keras.config.epsilon(), 1 - keras.config.epsilon())
    return -exact * ops.log(predicted) - (1 - exact) * ops.log1p(-predicted)


def _add(counts: Any, low: keras.Variable, high: keras.Variable) -> None:
    """Adds four counts to a confusion matrix in two parts."""
    low.assign(low + ops.reshape(ops.cast(counts, low.dtype), (2, 2)))
    _carry(low, high)


def _carry(low: keras.Variable, high: keras.Variable) -> None:
    """Moves what is too large for the low part of a confusion matrix into the high one."""
    high.assign_add(low // _LIMB)
    low.assign(low % _LIMB)


def _joined(low: keras.Variable, high: keras.Variable) -> Any:
    """Returns a confusion matrix in two parts, over all processes, as float32."""
    return total(ops.cast(high, "float32") * _LIMB + ops.cast(low, "float32"))


def _histogram(codes: Any) -> Any:
    """Counts the numbers 0 to 7 among ``codes``, uint8."""
    if _ON_TORCH:
        return ops.bincount(ops.reshape(codes, (-1,)), minlength=8)[:8]
    return ops.stack([_count(ops.equal(codes, code)) for code in range(8)])  # what compiles on every backend


def _count(chosen: Any) -> Any:
    return ops.cast(ops.sum(ops.cast(chosen, "uint8")), "int32")  # summed in 32 bits; booleans cost more on torch


def _scatter_is_a_loop() -> bool:
    """Whether Keras scatters numbers one by one, and so counts a confusion matrix: more numbers then take more calls."""
    from torch.overrides import TorchFunctionMode

    class Calls(TorchFunctionMode):
        made = 0

        def __torch_function__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.made += 1
            return call(*args, **(kwargs or {}))

    def calls(numbers: int) -> int:
        with Calls() as counted:
            ops.scatter(ops.zeros((numbers, 1), "int32"), ops.ones((numbers,)), (1,))
        return counted.made

    return calls(20) > calls(2)


_ON_TORCH = keras.backend.backend() == "torch"
_BUILT_IN_IS_SLOW = _ON_TORCH and _scatter_is_a_loop()
