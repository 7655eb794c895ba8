"""Evaluation: a saved model and a dataset in; scores, tables per image and per rectangle, pictures and a report out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapeseg.environment import prepare_keras
from shapeseg.errors import InputError
from shapeseg.folders import whole_path
from shapeseg.terminal import progress_bar, say
from shapeseg.workflows.options import EvaluateOptions
from shapeseg.workflows.train import RUNS

if TYPE_CHECKING:
    from shapeseg.datasets import Dataset
    from shapeseg.evaluation import Evaluation
    from shapeseg.evaluation.corruption_curves import CorruptionCurves
    from shapeseg.inference.opened_model import OpenedModel


def evaluate(options: EvaluateOptions) -> Path:
    """Measures, writes everything, prints the table, and returns the folder."""
    prepare_keras()
    from shapeseg.evaluation.metrics import Metrics
    from shapeseg.inference.opened_model import open_model
    from shapeseg.reporting.evaluation_table import evaluation_table
    from shapeseg.workflows import holdout
    from shapeseg.workflows.evaluation_files import report_folder, write_evaluation
    from shapeseg.workflows.measured_data import open_measured
    from shapeseg.workflows.provenance import origin

    model = open_model(options.model or default_model(), trust=options.trust_model)
    path = model.path
    whole = open_measured(model, options.data, options.own)
    options = replace(options, data=whole.folder)
    if options.threshold is not None:
        model = replace(model, threshold=options.threshold)
    if options.ship:
        holdout.refuse_second_time(model)
    split = "holdout" if options.ship else options.split
    data = whole.split(split)
    data.refuse_unknown_target(model.target)
    with progress_bar("checking", len(data), "image") as progress:
        data.refuse_damage(progress)
    history = _history_of(path)  # one that cannot be read is told before an hour is spent
    out = options.out or Path("reports") / whole_path(path).parent.name
    with report_folder(out):
        if split == "holdout":
            print(holdout.NOTE)
        evaluation, corrupted = _measure(options, model, data)
        metrics = Metrics(split=split, target_name=data.target_name, **evaluation.metrics, **origin(model, data))
        print(evaluation_table(metrics, data.has_recipes))
        if metrics["trained_on"] and split != "train":
            learned = f"{metrics['trained_on']} of the {metrics['images']} images measured"
            say("warning", f"{learned} were learned from")
        ceiling = model.card.scores.get("iou_ceiling") if model.card else None
        names = write_evaluation(out, options, whole, data, metrics, evaluation, corrupted, history, ceiling)
    print(f"wrote {', '.join(str(out / name) for name in names)}")
    if options.ship:
        holdout.write_to_card(model, metrics)
        print(f"wrote the holdout scores into the card of {path}")
    return out


def _history_of(model: Path) -> list[dict[str, float]] | None:
    """Returns what the run of a model logged, epoch by epoch; None where it is not next to it."""
    from shapeseg.training.run_folder import read_history

    path = model.parent / "history.csv"
    return read_history(path) if os.path.lexists(path) else None


def _measure(options: EvaluateOptions, model: OpenedModel, data: Dataset) -> tuple[Evaluation, CorruptionCurves | None]:
    """Returns the evaluation and, if asked for, the curves of the corruptions."""
    from shapeseg.evaluation import evaluate_model
    from shapeseg.evaluation.corruption_curves import corruption_curves, prediction_count
    from shapeseg.training.run_folder import read_train_images
    from shapeseg.workflows.evaluation_files import REPORTED, random_places

    with progress_bar("measuring", len(data), "image") as progress:
        evaluation = evaluate_model(
            model,
            data,
            options=options.prediction,
            keep_worst=REPORTED,
            keep=random_places(len(data)),
            learned_from=read_train_images(model.path),
            progress=progress,
        )
    if not options.corruptions:
        return evaluation, None
    images = options.corruption_images
    with progress_bar("corrupting", prediction_count(data, images), "image") as progress:
        return evaluation, corruption_curves(model, data, images=images, options=options.prediction, progress=progress)


def default_model() -> Path:
    """Returns the newest saved model, else the reference.

    Raises:
        InputError: If there is none.
    """
    from shapeseg.training.run_folder import newest_model

    path = newest_model(RUNS)
    if path is None:
        raise InputError("there is no saved model yet", received=RUNS, fix="Train one with: python train.py")
    return path
