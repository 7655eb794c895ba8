"""The models of the occlusion study on its test sets; what is measured is kept in their run folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields

from shapeseg import files
from shapeseg.datasets import Dataset
from shapeseg.evaluation import evaluate_model
from shapeseg.incoming import json_object
from shapeseg.inference.opened_model import open_model
from shapeseg.models import file_digest
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.study.cells import rows_digest
from shapeseg.workflows.study.scores import SetScores, scores_from_dict, scores_to_dict

_MAX_SCORES = 2**30  # bytes of the scores of one test set


def measure_cell(run: RunFolder, tests: Mapping[str, Dataset], progress: Callable[[int], object]) -> dict[str, SetScores]:
    """Returns the scores of a trained model on every test set; read where they were measured before.

    Args:
        run: The run of a finished training.
        tests: By name.
        progress: Called with the number of test sets done since the last call.
    """
    model_digest, model = file_digest(run.model), None
    scores = {}
    for name, data in tests.items():
        measured_of = {"model": model_digest, "data": rows_digest(data), "scores": [each.name for each in fields(SetScores)]}
        path = run.root / f"scores-{name}.json"
        content = json_object(path, most=_MAX_SCORES)
        if content.get("of") != measured_of:
            model = model or open_model(run.model)
            content = {"of": measured_of, **scores_to_dict(evaluate_model(model, data, keep=range(len(data))), data)}
            files.write_json(path, content)
        scores[name] = scores_from_dict(content)
        progress(1)
    return scores
