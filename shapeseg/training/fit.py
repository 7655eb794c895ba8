"""The fit itself: a model, two feeds and settings in, a trained model and its history out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from shapeseg.datasets.feed import Feed
from shapeseg.training import callbacks as own
from shapeseg.training.checkpoint import MONITOR, Checkpoint
from shapeseg.training.losses import SegmentationLoss
from shapeseg.training.metrics import AmbiguityScores, PixelScores
from shapeseg.training.schedule import learning_rate
from shapeseg.training.settings import TrainingSettings


def compile_model(model: keras.Model, settings: TrainingSettings, steps_per_epoch: int) -> None:
    """Gives a model its optimiser, loss and metrics."""
    loss, ambiguous, weight = settings.taught(known=False)  # what is still open here, nobody knows
    if settings.target == "amodal":
        ambiguous = "hard"  # of whole rectangles no pixel is
    optimizer = keras.optimizers.Adam(
        learning_rate(settings, steps_per_epoch),
        global_clipnorm=settings.clip_norm,
        gradient_accumulation_steps=settings.accumulate if settings.accumulate > 1 else None,
    )
    model.compile(
        optimizer=optimizer,
        loss=SegmentationLoss(loss, ambiguous, weight),
        metrics=[PixelScores(), AmbiguityScores()],
        auto_scale_loss=settings.precision == "float16",
        jit_compile=keras.backend.backend() != "torch",  # measured: compiling gains nothing on torch CPU
    )


def fit(
    model: keras.Model,
    train: Feed,
    val: Feed,
    settings: TrainingSettings,
    *,
    save: Callable[[dict[str, float | None]], object],
    history: Path | None = None,
    checkpoints: Path | None = None,
    resume: Checkpoint | None = None,
    max_minutes: float | None = None,
    verbose: int = 2,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> list[dict[str, float]]:
    """Trains ``model`` in place.

    Args:
        model: Gives probabilities, (B, H, W, 1).
        train: What to learn from, shuffled by (seed, epoch).
        val: What to choose the best epoch on.
        settings: Epochs, rates, loss.
        save: Called with the logs of each epoch that is better than all before.
        history: CSV file to write, one row an epoch.
        checkpoints: Folder for a checkpoint an epoch.
        resume: Where to continue from.
        max_minutes: Stop at the end of the epoch in which so much time is spent.
        verbose: As in Keras: 0 silent, 1 a progress bar, 2 a line an epoch.
        callbacks: More of them; a user adds his own here. Their plain numbers survive a resume.

    Returns:
        The history: for each epoch, what was logged; NaN is undefined.

    Raises:
        DivergedError: If the loss is no longer finite.
    """
    compile_model(model, settings, len(train))
    rows = own.WriteHistory(history)
    stop = keras.callbacks.EarlyStopping(MONITOR, mode="max", patience=settings.patience, verbose=1)
    # The clock runs without a limit too: a resume may set or lift one, and finds its callbacks by place.
    remembering: list[keras.callbacks.Callback] = [own.SaveBest(save), stop, own.StopAfter(max_minutes), *callbacks]
    if settings.schedule == "plateau":
        patience = max(settings.patience // 4, 1)
        remembering.append(keras.callbacks.ReduceLROnPlateau(MONITOR, mode="max", factor=0.1, patience=patience))
    if resume is not None:
        model.optimizer.build(model.trainable_variables)
        if resume.state["stopped"] or resume.epoch >= settings.epochs:
            return list(resume.state["history"])
    with own.old_objects_set_aside():
        model.fit(
            train,
            validation_data=val,
            epochs=settings.epochs,
            initial_epoch=resume.epoch if resume is not None else 0,
            shuffle=False,
            verbose=verbose,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(train, "epoch", epoch)),
                own.StopOnDivergence(),
                rows,
                *remembering,
                own.Checkpoints(checkpoints, rows, remembering, resume),
                # A saved model is left in cycles, of which Python would let many pile up.
                keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: gc.collect()),
            ],
        )
    return rows.rows
