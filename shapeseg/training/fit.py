"""The fit itself: a model, two feeds and settings in, a trained model and its history out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from shapeseg.datasets.feed import Feed
from shapeseg.training.callbacks import MONITOR, LogLearningRate, SaveBest, ServeEpoch, StopOnDivergence
from shapeseg.training.losses import CrossEntropyDice
from shapeseg.training.metrics import BinaryIoU
from shapeseg.training.settings import TrainingSettings


def fit(
    model: keras.Model,
    train: Feed,
    val: Feed,
    settings: TrainingSettings,
    *,
    save: Callable[[dict[str, float]], object],
    history: Path,
    verbose: int = 2,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Trains ``model`` in place.

    Args:
        model: Gives probabilities, (B, H, W, 1).
        train: What to learn from, shuffled by (seed, epoch).
        val: What to choose the best epoch on.
        settings: Epochs, rates, loss.
        save: Called with the logs of each epoch that is better than all before.
        history: CSV file to write, one row an epoch.
        verbose: Of Keras: 0 silent, 1 a progress bar, 2 a line an epoch.
        callbacks: More of them; a user adds his own here.

    Returns:
        The history: a list of values, one an epoch, for each name in the logs.

    Raises:
        DivergedError: If the loss is no longer finite.
    """
    steps = settings.epochs * len(train)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(settings.learning_rate, steps, 0.0)),
        loss=CrossEntropyDice(settings.dice_weight),
        metrics=[BinaryIoU(target_class_ids=[1], threshold=0.5, name="iou")],
    )
    result = model.fit(
        train,
        validation_data=val,
        epochs=settings.epochs,
        shuffle=False,
        verbose=verbose,
        callbacks=[
            ServeEpoch(train),
            StopOnDivergence(),
            LogLearningRate(),
            keras.callbacks.CSVLogger(history),
            SaveBest(save),
            keras.callbacks.EarlyStopping(MONITOR, mode="max", patience=settings.patience, verbose=1),
            *callbacks,
        ],
    )
    return result.history
