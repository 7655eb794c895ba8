"""How a model is trained."""

from __future__ import annotations

from dataclasses import dataclass

from shapeseg.errors import UsageError
from shapeseg.scenes.streams import MAX_SEED


@dataclass(frozen=True)
class TrainingSettings:
    """Everything, with a dataset and an architecture, that determines the training."""

    epochs: int = 12
    """Passes over the train split; the learning rate falls linearly to zero over them."""
    batch_size: int = 4
    """Images a step; small batches make more steps, which here is worth more than exact gradients."""
    learning_rate: float = 8e-3
    """Adam's rate at the start."""
    dice_weight: float = 1.0
    """Weight of the soft Dice loss beside the binary cross-entropy."""
    augment: bool = True
    """Mirror, turn and recolour the training images."""
    patience: int = 6
    """Epochs without a better val IoU after which training stops."""
    seed: int = 0
    """Seed of the first weights, the order of the samples and their augmentation."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise UsageError(
                    f"{name} must be 1 or more", received=f"{name}={getattr(self, name)}", fix="Choose such a value"
                )
        if not 0 < self.learning_rate <= 1:
            raise UsageError(
                "learning_rate must be above 0 and at most 1", received=f"learning_rate={self.learning_rate}", fix="Try 0.008"
            )
        if not 0 <= self.dice_weight < float("inf"):
            raise UsageError("dice_weight must be 0 or more", received=f"dice_weight={self.dice_weight}", fix="Try 1")
        if not 0 <= self.seed <= MAX_SEED:
            raise UsageError("a seed is from 0 to 2**64 - 1", received=f"seed={self.seed}", fix="Choose such a value")
