"""Losses, by name: another is one function, one line in ``LOSSES``, and its name in ``LossName`` of settings.py.

Pixels that do not count are taken out of truth and prediction alike before any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from shapeseg.earlier_settings import as_today
from shapeseg.labels import is_ambiguous, is_blamed, is_target
from shapeseg.training.processes import total
from shapeseg.training.settings import Ambiguous, LossName
from shapeseg.value_types import check_type


@keras.saving.register_keras_serializable(package="shapeseg")
class SegmentationLoss(keras.losses.Loss):
    """A loss between label maps and probabilities, (B, H, W, 1).

    Label maps are the codes of :mod:`shapeseg.labels`, (B, H, W, 1), or these and the exact probability of each pixel, NaN
    where it is unknown, (B, H, W, 2).

    Args:
        kind: One of ``LOSSES``.
        ambiguous: What to do with ambiguous pixels: ``"exclude"`` them, learn the label that was drawn
            (``"hard"``), or the ``"exact"`` probability, which the label maps must hold; where it is unknown, nothing.
        ambiguous_weight: What each of these pixels weighs in the cross-entropy; all others weigh 1.
    """

    def __init__(
        self,
        kind: LossName = "bce+dice",
        ambiguous: Ambiguous = "exclude",
        ambiguous_weight: float = 1.0,
        name: str = "segmentation_loss",
        **options: Any,
    ) -> None:
        super().__init__(name=name, **options)
        check_type("kind", kind, LossName)
        check_type("ambiguous", ambiguous, Ambiguous)
        self.kind = kind
        self.ambiguous = ambiguous
        self.ambiguous_weight = ambiguous_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss: one number a sample, (B,), or one of the whole batch where it is pooled; see each loss."""
        labels, p = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        codes = labels[..., :1]
        counts = is_blamed(codes, ignore_ambiguous=self.ambiguous == "exclude")
        y = ops.cast(is_target(codes), p.dtype)
        exact = self.ambiguous == "exact"
        if exact:
            if labels.shape[-1] != 2:
                raise ValueError(f"exact probabilities are learned from codes and probabilities, received {labels.shape}")
            y = labels[..., 1:]
            counts = ops.logical_and(counts, ops.logical_not(ops.isnan(y)))
        # Where truth and prediction are both 0 no loss here has a value or a gradient.
        y, p = ops.where(counts, y, 0), ops.where(counts, p, 0)
        return LOSSES[self.kind](Compared(y, p, is_ambiguous(codes), self.ambiguous_weight, exact))

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this loss."""
        own = {"kind": self.kind, "ambiguous": self.ambiguous, "ambiguous_weight": self.ambiguous_weight}
        return super().get_config() | own

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SegmentationLoss:
        """Rebuilds a loss, also of a file of an earlier version."""
        return cls(**as_today(config))


class Compared(NamedTuple):
    """What a loss compares.

    Attributes:
        y: (B, H, W, 1), what is taught: 0 or 1, or the probability of target; 0 where a pixel does not count.
        p: (B, H, W, 1), the probability that was predicted; 0 where a pixel does not count.
        ambiguous: bool (B, H, W, 1), where the image does not determine the label.
        ambiguous_weight: What such a pixel weighs in the cross-entropy.
        soft: Whether y may be other than 0 or 1.
    """

    y: Any
    p: Any
    ambiguous: Any
    ambiguous_weight: float = 1.0
    soft: bool = False

    def surprise(self) -> Any:
        """Returns the binary cross-entropy of each pixel, weighted."""
        if self.soft:
            values = self.y * _surprise(1, self.p) + (1 - self.y) * _surprise(0, self.p)
        else:
            values = _surprise(self.y, self.p)
        return values if self.ambiguous_weight == 1 else values * ops.where(self.ambiguous, self.ambiguous_weight, 1.0)

    def decidable(self) -> Compared:
        """Returns the same without ambiguous pixels."""
        y, p = (ops.where(self.ambiguous, 0, each) for each in (self.y, self.p))
        return self._replace(y=y, p=p, soft=False)


def cross_entropy(c: Compared) -> Any:
    """Binary cross-entropy, averaged over the pixels of each sample."""
    return _of_samples(c.surprise())


def dice(c: Compared) -> Any:
    """Soft Dice loss, ``1 - 2 sum(y p) / (sum(y) + sum(p))`` (Milletari, Navab and Ahmadi, "V-Net", 2016).

    It is pooled over the batch, because an image without rectangles has no Dice of its own. One pixel is added above and
    below: it shows in no other batch, and makes the loss of an empty one, perfectly predicted, 0 (Keras's own gives 1).
    Of a pixel whose y is a probability it wants 0 or 1, whichever is nearer to it.
    """
    y, p = c.y, c.p
    return 1 - (2 * total(ops.sum(y * p)) + 1) / (total(ops.sum(y) + ops.sum(p)) + 1)


def boundary_weighted(c: Compared) -> Any:
    """Binary cross-entropy in which pixels within two of a border between target and background weigh five times as much.

    It is pooled over the batch: a border weighs the same in an image with many of them. Where y is a probability, a border is
    as strong as the step in it.
    """
    grown = ops.max_pool(c.y, 5, 1, "same", data_format="channels_last")
    shrunk = 1 - ops.max_pool(1 - c.y, 5, 1, "same", data_format="channels_last")
    weight = 1 + 4 * (grown - shrunk)
    return total(ops.sum(weight * c.surprise())) / total(ops.sum(weight))


def focal(c: Compared) -> Any:
    """Focal loss, ``a |y - p|^2`` times the cross-entropy; a is 0.25 on targets and 0.75 elsewhere (Lin et al., 2017).

    It is averaged over the pixels of each sample. Where y is a probability, it is the quality focal loss (Li et al., 2020).
    """
    return _of_samples((0.75 - 0.5 * c.y) * ops.square(c.y - c.p) * c.surprise())


def tversky(c: Compared) -> Any:
    """Tversky loss: Dice in which invented pixels weigh 0.3 and missed ones 0.7 (Salehi, Erdogmus and Gholipour, 2017).

    It is pooled, and one pixel is added, as in :func:`dice`: without that an image without target teaches nothing.
    """
    y, p = c.y, c.p
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


LOSSES: dict[str, Callable[[Compared], Any]] = {
    "bce+dice": lambda c: cross_entropy(c) + dice(c),
    "bce+decidable-dice": lambda c: cross_entropy(c) + dice(c.decidable()),
    "bce": cross_entropy,
    "dice": dice,
    "focal": focal,
    "tversky": tversky,
    "boundary": boundary_weighted,
}
