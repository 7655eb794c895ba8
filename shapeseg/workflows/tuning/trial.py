"""One trial of a search: a training in a folder of its own, which is removed unless it ends well."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import keras
import optuna

from shapeseg.errors import DivergedError, UsageError, is_out_of_memory
from shapeseg.held_signals import HeldSignals
from shapeseg.training.checkpoint import MONITOR
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train


class ReportScore(keras.callbacks.Callback):
    """Hands the score of every epoch to a function, which may end the training by an exception.

    Args:
        column: Column of the score in the logs.
        report: Called with score and epoch, counted from 1.

    Attributes:
        kept: The score of the epoch whose model is kept.
    """

    def __init__(self, column: str, report: Callable[[float, int], object]) -> None:
        super().__init__()
        self.column = column
        self.report = report
        self.kept = math.nan
        self._best = -math.inf

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reports the score."""
        found = logs or {}
        score = float(found[self.column])
        if math.isnan(score):
            fix = "Use --objective iou, or a larger val split"
            raise UsageError("no pixel of val is ambiguous, so there is no such score", received=self.column, fix=fix)
        if found[MONITOR] > self._best:
            self._best, self.kept = found[MONITOR], score
        self.report(score, epoch + 1)


def run_trial(trial: optuna.Trial, options: TrainOptions, folder: Path, signals: HeldSignals, column: str = MONITOR) -> float:
    """Trains in ``folder``, and returns the score of the model that is kept, which is that of the best val IoU.

    Args:
        trial: That chose the options.
        options: Options of the training.
        folder: Folder of its run.
        signals: They are let through, but when the study is written.
        column: Column of the score in ``history.csv``.

    Raises:
        UsageError: If the folder exists, or the score is undefined.
        TrialPruned: If the trial does worse than most did by that epoch, diverges, or needs more memory than there is: all
            three signal to the sampler that such settings are bad.
    """

    def report(score: float, epoch: int) -> None:
        with signals.hold():
            trial.report(score, epoch)
            if trial.should_prune():
                raise _prune(trial, "below the median")

    scores = ReportScore(column, report)
    if folder.exists():  # nothing is removed below that another made
        raise UsageError("the trial's folder is in use", received=folder, fix="Name another --out, or remove it")
    try:
        with signals.let_through(), redirect_stdout(StringIO()):  # a line a trial is enough
            train(replace(options, out=folder), callbacks=[scores])
    except BaseException as error:
        RunFolder(folder).remove()
        if isinstance(error, DivergedError):
            raise _prune(trial, "diverged") from error
        if is_out_of_memory(error):
            raise _prune(trial, "out of memory") from error
        if not isinstance(error, Exception | KeyboardInterrupt):  # Optuna hears of those only
            trial.study.tell(trial, state=optuna.trial.TrialState.FAIL)
        raise
    finally:
        keras.utils.clear_session()
    return scores.kept


def _prune(trial: optuna.Trial, why: str) -> optuna.TrialPruned:
    trial.set_user_attr("pruned_as", why)
    return optuna.TrialPruned(why)
