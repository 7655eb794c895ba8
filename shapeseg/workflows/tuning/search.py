"""The search itself: trial after trial, each chosen by what the study knows when it begins."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import optuna
from tqdm import tqdm

from shapeseg.errors import UsageError
from shapeseg.folders import make_folder, refuse_links
from shapeseg.held_signals import HeldSignals
from shapeseg.models import Architecture
from shapeseg.settings import options_to_dict
from shapeseg.terminal import progress_bar
from shapeseg.training.processes import Processes
from shapeseg.training.run_folder import RunFolder
from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train_data import open_training_data
from shapeseg.workflows.tuning.report import describe, write_best, write_report
from shapeseg.workflows.tuning.settings import TuneOptions
from shapeseg.workflows.tuning.space import SearchSpace
from shapeseg.workflows.tuning.storage import (
    counted,
    fail_killed_trials,
    open_study,
    refuse_other_settings,
    told_storage_errors,
)
from shapeseg.workflows.tuning.trial import run_trial

# What makes the scores of two trials comparable, in addition to the data.
_IDENTITY = ("model", "epochs", "objective", "seed", "startup_trials")


def tune(options: TuneOptions) -> optuna.Study:
    """Runs trials until the study has as many as asked for, and returns it. Keras must be ready."""
    settings = identity(options)
    make_folder(options.folder)
    refuse_links(options.folder, ["trials"])
    opened = open_study(
        options.storage_url,
        options.name,
        heartbeat=options.heartbeat,
        direction=options.compared_by.direction,
        pruner=pruner(options),
        on_killed=lambda trial: forget(trial, options),
    )
    with told_storage_errors(options.storage_url), opened as study:
        search(study, options, settings)
        write_report(study, options)
    return study


def identity(options: TuneOptions) -> dict[str, Any]:
    """Checks that every network can be built and trained on the data; returns what a study must go on with.

    Raises:
        UsageError: If a network cannot be built, or the requested probabilities are unknown.
        InputError: If the data cannot be used, or its images do not fit every network.
    """
    networks = [Architecture(options.model, {"widths": widths}) for widths in options.space.networks()]
    stride = max(network.stride for network in networks)
    data = open_training_data(TrainOptions(data=options.data, training=_most_demanding(options.space)), stride, Processes())
    if options.objective == "log_loss" and data.val.labels != "codes+probability":
        raise UsageError(
            "the log loss on ambiguous pixels is known only where it is known how scenes were chosen",
            received=f"objective=log_loss, {options.data}",
            fix="Use --objective iou, or data made by generate",
        )
    plain = options_to_dict(options)
    return {name: plain[name] for name in _IDENTITY} | plain["space"] | {"data_sha256": data.digest}


def _most_demanding(space: SearchSpace) -> TrainingSettings:
    """Returns settings of the space that can be meant of some data only if all of them can."""
    ambiguous = "exact" if "exact" in space.ambiguous else space.ambiguous[0]
    return TrainingSettings(loss=space.loss[0], ambiguous=ambiguous, augmentation=space.augmentation)


def search(study: optuna.Study, options: TuneOptions, settings: dict[str, Any]) -> None:
    """Runs trials until the study has as many as asked for, or the time is up.

    Raises:
        UsageError: If the study was begun with other settings.
    """
    refuse_other_settings(study, settings)
    usual = options.space.usual(Architecture(options.model).typed_settings().widths)
    if usual is not None and not study.trials:
        study.enqueue_trial(usual, skip_if_exists=True)  # the first trial is what the others must beat
    deadline = time.monotonic() + 60 * (options.timeout or math.inf)
    shown = 0
    with HeldSignals() as signals, progress_bar("tuning", options.trials, "trial") as progress:
        while True:
            fail_killed_trials(study)
            done = counted(study)
            progress(done - shown)
            shown = done
            if done >= options.trials or time.monotonic() >= deadline:
                return
            study.optimize(lambda trial: _trial(trial, options, signals), n_trials=1, gc_after_trial=True)
            write_best(study, options)


def pruner(options: TuneOptions) -> optuna.pruners.BasePruner:
    """Returns what stops trials that do worse than half of the finished ones, after a quarter of their epochs."""
    return optuna.pruners.MedianPruner(n_startup_trials=options.startup_trials, n_warmup_steps=1 + options.epochs // 4)


def _sampler(options: TuneOptions, trial: int) -> optuna.samplers.TPESampler:
    """Returns a sampler seeded by (seed, number of the trial): processes try different things, a resumed search the same."""
    seed = int(np.random.SeedSequence(options.seed, spawn_key=(trial,)).generate_state(1)[0])
    return optuna.samplers.TPESampler(n_startup_trials=options.startup_trials, seed=seed)


def _trial(trial: optuna.Trial, options: TuneOptions, signals: HeldSignals) -> float:
    trial.study.sampler = _sampler(options, trial.number)
    training = options.training(options.space.choose(trial))
    try:
        score = run_trial(trial, training, options.trial_folder(trial.number), signals, options.compared_by.column)
    except optuna.TrialPruned as pruned:
        tqdm.write(f"trial {trial.number:>4}  pruned, {pruned}: {describe(trial.params)}")
        raise
    tqdm.write(f"trial {trial.number:>4}  {options.compared_by.words} {score:.4f}: {describe(trial.params)}")
    return score


def forget(trial: optuna.trial.FrozenTrial, options: TuneOptions) -> None:
    """Says that a trial was killed, and removes what it left."""
    tqdm.write(f"trial {trial.number:>4}  killed; it counts as failed")
    RunFolder(options.trial_folder(trial.number)).remove()
