"""What is measured of a model of the study of honesty; it is kept in the run's folder, and not measured again."""

from __future__ import annotations

from shapeseg import files
from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import examples
from shapeseg.evaluation.ambiguous_pixels import AmbiguousPixels
from shapeseg.evaluation.counts import count, pooled
from shapeseg.evaluation.prediction import predict
from shapeseg.incoming import json_object
from shapeseg.inference.opened_model import open_model
from shapeseg.models import file_digest
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.honesty.record import ModelScores
from shapeseg.workflows.honesty.temperature import fitted_temperature, scaled
from shapeseg.workflows.study.cells import rows_digest


def measure(run: RunFolder, val: Dataset, test: Dataset) -> ModelScores:
    """Returns the scores of a trained model; read where they were measured before."""
    measured_of = {"model": file_digest(run.model), "val": rows_digest(val), "test": rows_digest(test)}
    path = run.root / "honesty.json"
    kept = json_object(path)
    if kept.get("of") != measured_of:
        kept = {"of": measured_of, "scores": _measured(run, val, test)}
        files.write_json(path, kept)
    scores: ModelScores = kept["scores"]
    return scores


def _measured(run: RunFolder, val: Dataset, test: Dataset) -> ModelScores:
    model = open_model(run.model)
    on_val = list(predict(model, examples(val)))
    temperature = fitted_temperature(on_val)
    reached = pooled(each.counts(model.threshold) for each in on_val).iou or 0.0
    implied = reached / (1 + reached)
    plain, tempered = AmbiguousPixels(), AmbiguousPixels()
    everywhere, decidable, at_implied = [], [], []
    for prediction in predict(model, examples(test)):
        example, decided = prediction.example, ~prediction.example.ambiguous
        plain.add(example, prediction.plain)
        tempered.add(example, scaled(prediction.plain, temperature))
        mask = prediction.masks(model.threshold)["plain"]
        everywhere.append(count(example.target, mask))
        decidable.append(count(example.target & decided, mask & decided))
        at_implied.append(prediction.counts(implied))
    return {
        "iou": pooled(everywhere).iou,
        "iou_decidable": pooled(decidable).iou,
        "ambiguous": plain.scores(),
        "temperature": temperature,
        "tempered": tempered.scores(),
        "threshold": model.threshold,
        "implied_threshold": implied,
        "iou_at_implied": pooled(at_implied).iou,
        "minutes": (run.model.with_suffix(".json").stat().st_mtime - run.config.stat().st_mtime) / 60,
    }
