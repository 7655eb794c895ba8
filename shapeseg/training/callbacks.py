"""Callbacks of a run. All act at the ends of epochs: a batch hook would make the device wait at every step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

from shapeseg.errors import DivergedError

if TYPE_CHECKING:
    from shapeseg.datasets.feed import Feed

MONITOR = "val_iou"


class ServeEpoch(keras.callbacks.Callback):
    """Tells the feed which epoch it serves, so that order and augmentation depend on (seed, epoch) alone."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.feed = feed

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Runs before the epoch's first batch is asked for."""
        self.feed.epoch = epoch


class LogLearningRate(keras.callbacks.Callback):
    """Adds the rate that the epoch ended with to its logs, for the history."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Runs before the callbacks that write the logs."""
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class StopOnDivergence(keras.callbacks.Callback):
    """Raises a DivergedError when an epoch ends with a loss that is not finite; the best model so far stands."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Comes first, so that nothing of such an epoch is kept."""
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise DivergedError(
                f"training diverged in epoch {epoch + 1}", received=f"loss={loss}", fix="Lower --learning-rate"
            )


class SaveBest(keras.callbacks.Callback):
    """Saves the model whenever the monitored score is better than ever.

    Args:
        save: Called with the epoch's logs to save the model in its present state.

    Attributes:
        best: The best score, None before the first.
    """

    def __init__(self, save: Callable[[dict[str, float]], object]) -> None:
        super().__init__()
        self.save = save
        self.best: float | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compares and saves."""
        score = float((logs or {})[MONITOR])
        if self.best is None or score > self.best:
            self.best = score
            self.save({name: float(value) for name, value in (logs or {}).items()})
