"""Learning-rate schedules, by step, so that they continue by themselves when a training is resumed."""

from __future__ import annotations

from typing import Any

import keras
from keras.optimizers.schedules import CosineDecay, LearningRateSchedule, PolynomialDecay

from shapeseg.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, steps_per_epoch: int) -> float | LearningRateSchedule:
    """Returns what to give the optimiser: a schedule over all steps, or the rate itself where a callback changes it."""
    # Keras asks a schedule by batches, not by updates, so that accumulated gradients change nothing here.
    warmup = round(settings.warmup_epochs * steps_per_epoch)
    after = max(settings.epochs * steps_per_epoch - warmup, 1)
    peak = settings.learning_rate
    if not settings.rate_is_scheduled:
        return peak
    falling = {
        "linear": PolynomialDecay(peak, after, 0.0),
        "cosine": CosineDecay(peak, after),
        "constant": PolynomialDecay(peak, 1, peak),  # after a warm-up
    }[settings.schedule]
    return WarmUp(falling, warmup) if warmup else falling


@keras.saving.register_keras_serializable(package="shapeseg")
class WarmUp(LearningRateSchedule):
    """Rises linearly to another schedule's first rate, then follows it.

    Args:
        then: The schedule to follow.
        steps: How long to rise.
    """

    def __init__(self, then: LearningRateSchedule, steps: int) -> None:
        self.then = then
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        """Returns the rate of a step."""
        step = keras.ops.cast(step, "float32")
        rising = self.then(0) * (step + 1) / self.steps
        return keras.ops.where(step < self.steps, rising, self.then(keras.ops.maximum(step - self.steps, 0)))

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this schedule."""
        return {"then": keras.saving.serialize_keras_object(self.then), "steps": self.steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WarmUp:
        """Rebuilds it."""
        return cls(keras.saving.deserialize_keras_object(config["then"]), config["steps"])
