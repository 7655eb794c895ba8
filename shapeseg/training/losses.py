"""Losses, by name: another is one function, one line in ``LOSSES``, and its name in ``LossName`` of settings.py.

Pixels that nobody is to be blamed for are taken out of truth and prediction alike before any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from shapeseg.labels import TARGET, is_blamed, is_target
from shapeseg.training.processes import total
from shapeseg.training.settings import LossName
from shapeseg.value_types import check_type


@keras.saving.register_keras_serializable(package="shapeseg")
class SegmentationLoss(keras.losses.Loss):
    """A loss between label maps (see :mod:`shapeseg.labels`), (B, H, W, 1), and probabilities, (B, H, W, 1).

    Args:
        kind: One of ``LOSSES``.
        ignore_ambiguous: Take out the pixels whose label the image cannot tell, too.
    """

    def __init__(
        self, kind: LossName = "bce+dice", ignore_ambiguous: bool = True, name: str = "segmentation_loss", **options: Any
    ) -> None:
        super().__init__(name=name, **options)
        check_type("kind", kind, LossName)
        self.kind = kind
        self.ignore_ambiguous = ignore_ambiguous

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss: one number a sample, (B,), or one of the whole batch where it is pooled; see each loss."""
        labels = ops.convert_to_tensor(y_true)
        y_pred = ops.convert_to_tensor(y_pred)
        blamed = is_blamed(labels, ignore_ambiguous=self.ignore_ambiguous)
        target = labels == TARGET if self.ignore_ambiguous else is_target(labels)
        # Where truth and prediction are both 0 no loss here has a value or a gradient; a target is always to be blamed for.
        return LOSSES[self.kind](ops.cast(target, y_pred.dtype), ops.where(blamed, y_pred, 0))

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this loss."""
        return super().get_config() | {"kind": self.kind, "ignore_ambiguous": self.ignore_ambiguous}


def cross_entropy(y: Any, p: Any) -> Any:
    """Binary cross-entropy, averaged over the pixels of each sample."""
    return _of_samples(_surprise(y, p))


def dice(y: Any, p: Any) -> Any:
    """Soft Dice loss, ``1 - 2 sum(y p) / (sum(y) + sum(p))`` (Milletari, Navab and Ahmadi, "V-Net", 2016).

    It is pooled over the batch, because an image without rectangles has no Dice of its own. One pixel is added above and
    below: it shows in no other batch, and makes the loss of an empty one, perfectly predicted, 0 (Keras's own gives 1).
    """
    return 1 - (2 * total(ops.sum(y * p)) + 1) / (total(ops.sum(y) + ops.sum(p)) + 1)


def boundary_weighted(y: Any, p: Any) -> Any:
    """Binary cross-entropy in which pixels within two of a border between target and background weigh five times as much.

    It is pooled over the batch: a border weighs the same in an image with many of them.
    """
    grown = ops.max_pool(y, 5, 1, "same", data_format="channels_last")
    shrunk = 1 - ops.max_pool(1 - y, 5, 1, "same", data_format="channels_last")
    weight = 1 + 4 * (grown - shrunk)
    return total(ops.sum(weight * _surprise(y, p))) / total(ops.sum(weight))


def focal(y: Any, p: Any) -> Any:
    """Focal loss, ``a |y - p|^2`` times the cross-entropy; a is 0.25 on targets and 0.75 elsewhere (Lin et al., 2017).

    It is averaged over the pixels of each sample.
    """
    return _of_samples((0.75 - 0.5 * y) * ops.square(y - p) * _surprise(y, p))


def tversky(y: Any, p: Any) -> Any:
    """Tversky loss: Dice in which invented pixels weigh 0.3 and missed ones 0.7 (Salehi, Erdogmus and Gholipour, 2017).

    It is pooled, and one pixel is added, as in :func:`dice`: without that an image without target teaches nothing.
    """
    both, invented, missed = (total(ops.sum(part)) for part in (y * p, (1 - y) * p, y * (1 - p)))
    return 1 - (both + 1) / (both + 0.3 * invented + 0.7 * missed + 1)


def _of_samples(values: Any) -> Any:
    """Averages the pixels of each sample: (B, ...) to (B,)."""
    return ops.mean(values, axis=tuple(range(1, len(values.shape))))


def _surprise(y: Any, p: Any) -> Any:
    """Binary cross-entropy of each pixel, for labels of 0 or 1: minus the logarithm of the probability given to the truth.

    Keras's own losses take two logarithms and, on torch, raise an error of their own where a diverging network gives NaN.
    """
    # Never the logarithm of 0, so that no gradient is infinite; but none is cut off either, as by clipping.
    return -ops.log(1 - (1 - keras.config.epsilon()) * ops.abs(y - p))


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "bce+dice": lambda y, p: cross_entropy(y, p) + dice(y, p),
    "bce": cross_entropy,
    "dice": dice,
    "focal": focal,
    "tversky": tversky,
    "boundary": boundary_weighted,
}
