"""Callbacks of Keras's own that the user passes to a training: those that cannot work in it are refused before it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import keras

from shapeseg.environment import missing_packages
from shapeseg.errors import UsageError
from shapeseg.training.settings import TrainingSettings


def refuse_unsuited(callbacks: Sequence[keras.callbacks.Callback], settings: TrainingSettings) -> None:
    """Raises a UsageError that names the first callback that this training has no use for, and what to do instead."""
    if not isinstance(callbacks, list | tuple) or not all(isinstance(each, keras.callbacks.Callback) for each in callbacks):
        received = f"callbacks={' '.join(repr(callbacks).split()):.60}"
        raise UsageError(
            "callbacks must be a list of Keras's or your own", received=received, fix="Give it a list: [MyCallback()]"
        )
    for callback in _each(callbacks):
        name = type(callback).__name__
        if isinstance(callback, keras.callbacks.LearningRateScheduler | keras.callbacks.ReduceLROnPlateau):
            if settings.rate_is_scheduled:
                raise UsageError(
                    f"{name} sets the learning rate, which the schedule sets already",
                    received=f"schedule={settings.schedule}, warmup_epochs={settings.warmup_epochs}",
                    fix="Train with --schedule constant and no --warmup-epochs, or leave the callback out",
                )
        elif isinstance(callback, keras.callbacks.BackupAndRestore):
            raise UsageError(
                f"{name} would begin with another training's weights and epoch", received=name, fix="Use --resume instead"
            )
        elif isinstance(callback, keras.callbacks.SwapEMAWeights):
            raise UsageError(
                f"{name} needs an optimiser that averages weights, and ours does not", received=name, fix="Leave it out"
            )
        elif isinstance(callback, keras.callbacks.TensorBoard) and missing_packages(["tensorflow"]):
            raise UsageError(
                "Keras's TensorBoard callback needs TensorFlow",
                received="no tensorflow",
                fix="Use --track tensorboard instead",
            )


def _each(callbacks: Sequence[keras.callbacks.Callback]) -> Iterator[keras.callbacks.Callback]:
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.CallbackList):
            yield from _each(callback.callbacks)
        else:
            yield callback
