"""Callbacks of a run. All act at the ends of epochs: a batch hook would make the device wait at every step."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from shapeseg import files
from shapeseg.errors import DivergedError, InputError, UsageError
from shapeseg.training import checkpoint
from shapeseg.training.checkpoint import MONITOR
from shapeseg.training.processes import total

Logs = dict[str, Any] | None


def logged(model: keras.Model, logs: Logs) -> dict[str, float]:
    """Returns what an epoch logged, and its learning rate."""
    rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    return {name: float(value) for name, value in (logs or {}).items()} | {"learning_rate": rate}


class StopOnDivergence(keras.callbacks.Callback):
    """Raises a DivergedError when an epoch ends with a loss that is not finite; the best model so far stands."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Comes first, so that nothing of such an epoch is kept."""
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise DivergedError(
                f"training diverged in epoch {epoch + 1}", received=f"loss={loss}", fix="Lower --learning-rate"
            )


@contextmanager
def old_objects_set_aside() -> Iterator[None]:
    """Lets the collector look at nothing but what the block makes, which takes it milliseconds instead of a second."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class WriteHistory(keras.callbacks.Callback):
    """Writes ``history.csv``, one row an epoch, whole at every moment; to what was logged it adds the learning rate.

    Attributes:
        rows: What was logged so far, one dictionary an epoch.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path
        self.rows: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes the row. All rows have all scores, also those that an earlier version wrote, which logged fewer."""
        row = {"epoch": epoch + 1} | logged(self.model, logs)
        names = dict.fromkeys([*row, *(self.rows[0] if self.rows else ())])
        self.rows = [{name: each.get(name, math.nan) for name in names} for each in [*self.rows, row]]
        self.write()

    def write(self) -> None:
        """Writes all rows, unless no path is known; what is undefined is left empty."""
        if self.path is None:
            return
        rows = [["" if math.isnan(value) else str(value) for value in row.values()] for row in self.rows]
        files.write_text(self.path, "".join(",".join(words) + "\n" for words in [list(self.rows[0]), *rows]))


class SaveBest(keras.callbacks.Callback):
    """Saves the model whenever the monitored score is better than ever.

    Args:
        save: Called with the epoch's logs to save the model in its present state; what is undefined is None.

    Attributes:
        best: The best score, None before the first.
    """

    def __init__(self, save: Callable[[dict[str, float | None]], object]) -> None:
        super().__init__()
        self.save = save
        self.best: float | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compares and saves."""
        score = float((logs or {})[MONITOR])
        if self.best is None or score > self.best:
            self.best = score
            self.save({name: None if math.isnan(value) else float(value) for name, value in (logs or {}).items()})


class StopAfter(keras.callbacks.Callback):
    """Stops at the end of the epoch in which the time is up; None never is."""

    def __init__(self, minutes: float | None) -> None:
        super().__init__()
        self._seconds = math.inf if minutes is None else 60 * minutes  # not a number to restore: a resume may change it
        self.spent = 0.0
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Starts the epoch's clock."""
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Adds up; time in which nothing ran, before a resume, does not count."""
        self.spent += time.monotonic() - self._started
        if self.spent >= self._seconds:
            self.model.stop_training = True


class Checkpoints(keras.callbacks.Callback):
    """Writes a checkpoint at the end of every epoch; comes last, so that it holds what all others made of the epoch.

    Args:
        folder: Where checkpoints go; None writes none.
        history: Whose rows are kept.
        others: Callbacks whose numbers are kept and restored, by place.
        resumed: The checkpoint to continue from.
    """

    def __init__(
        self,
        folder: Path | None,
        history: WriteHistory,
        others: Sequence[keras.callbacks.Callback],
        resumed: checkpoint.Checkpoint | None,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.history = history
        self.others = others
        self.resumed = resumed

    def on_train_begin(self, logs: Logs = None) -> None:
        """Restores: after the other callbacks, which reset themselves when training begins."""
        if self.resumed is None:
            return
        numbers_of = self.resumed.state["callbacks"]
        if len(numbers_of) != len(self.others):
            raise UsageError(
                "a resume needs the callbacks that the training began with, in the same order",
                received=f"{len(self.others)} callbacks, begun with {len(numbers_of)}",
                fix="Pass the same ones to train()",
            )
        for other, numbers in zip(self.others, numbers_of, strict=True):
            _refuse_unlike(other, numbers)
        checkpoint.restore(self.model, self.resumed)
        self.history.rows = list(self.resumed.state["history"])
        self.history.write()
        for other, numbers in zip(self.others, numbers_of, strict=True):
            vars(other).update(numbers)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes the checkpoint. Of several processes all stop if one does: each has a clock and a loss of its own."""
        stops = keras.ops.cast(self.model.stop_training, "float32")
        self.model.stop_training = bool(total(stops))  # else one would wait for the others' gradients for ever
        if self.folder is None:
            return
        state = {
            "history": self.history.rows,
            "callbacks": [_numbers(other) for other in self.others],
            "stopped": self.model.stop_training,
        }
        checkpoint.write(self.folder, checkpoint.capture(self.model, epoch + 1, state))


_NOT_OURS = ("params", "model")  # of Keras's own
_Number = float | int | bool | None


def _numbers(callback: keras.callbacks.Callback) -> dict[str, _Number]:
    """Returns the plain numbers that a callback remembers: counters, best values, times."""
    kept: dict[str, _Number] = {}
    for name, value in vars(callback).items():
        if name.startswith("_") or name in _NOT_OURS:
            continue
        if value is None or isinstance(value, (bool, int, float)):
            kept[name] = value
        elif getattr(value, "ndim", None) == 0:
            kept[name] = float(value)
    return kept


def _refuse_unlike(callback: keras.callbacks.Callback, numbers: dict[str, _Number]) -> None:
    """Raises an InputError unless numbers may take the places of those that a callback has: of a kind each, or new ones."""
    now = _numbers(callback)
    for name, value in numbers.items():
        known = now.get(name)
        hidden = name.startswith("_") or name in _NOT_OURS or callable(getattr(callback, name, None))
        if hidden or (known is not None and (value is None or isinstance(value, bool) != isinstance(known, bool))):
            raise InputError(
                "the checkpoint belongs to another callback",
                received=f"{type(callback).__name__}, {name}={value}",
                fix=checkpoint.START_AGAIN,
            )
