"""The loss: binary cross-entropy, which makes each pixel right, plus soft Dice, which does not drown in background."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="shapeseg")
class CrossEntropyDice(keras.losses.Loss):
    """Binary cross-entropy plus ``dice_weight`` times soft Dice loss, pooled over the batch.

    Targets and predictions are (B, H, W, 1): labels 0 or 1, and probabilities. Soft Dice loss is
    ``1 - 2 sum(y p) / (sum(y) + sum(p))`` (Milletari, Navab and Ahmadi, "V-Net", 2016). It is pooled over the batch because an
    image without rectangles has no Dice of its own; a batch without any, perfectly predicted, has loss 0.
    """

    def __init__(self, dice_weight: float = 1.0, name: str = "cross_entropy_dice", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.dice_weight = dice_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each sample, (B,)."""
        y_true = ops.cast(y_true, y_pred.dtype)
        cross_entropy = ops.mean(ops.binary_crossentropy(y_true, y_pred), axis=(1, 2, 3))
        smooth = 1.0  # one pixel: keeps an empty batch finite and does not show in any other
        overlap = 2 * ops.sum(y_true * y_pred) + smooth
        dice = overlap / (ops.sum(y_true) + ops.sum(y_pred) + smooth)
        return cross_entropy + self.dice_weight * (1 - dice)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this loss."""
        return super().get_config() | {"dice_weight": self.dice_weight}
