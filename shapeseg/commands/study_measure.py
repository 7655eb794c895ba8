"""The models of the occlusion study on its test sets; what is measured is kept in their run folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from shapeseg import files
from shapeseg.commands.study_data import rows_digest
from shapeseg.datasets import Dataset
from shapeseg.errors import ModelRefusedError
from shapeseg.evaluation import evaluate_model
from shapeseg.evaluation.study_scores import SetScores, scores_from_dict, scores_to_dict
from shapeseg.models import file_digest, load_model, read_card
from shapeseg.training.run_folder import RunFolder


def measure_cell(run: RunFolder, tests: Mapping[str, Dataset], progress: Callable[[int], object]) -> dict[str, SetScores]:
    """Returns the scores of a trained model on every test set; read where they were measured before.

    Args:
        run: Of a finished training.
        tests: By name.
        progress: Called with the number of test sets done since the last call.
    """
    model_digest, model = file_digest(run.model), None
    scores = {}
    for name, data in tests.items():
        measured_of = {"model": model_digest, "data": rows_digest(data)}
        path = run.root / f"scores-{name}.json"
        content = json.loads(path.read_bytes()) if path.exists() else {}
        if content.get("of") != measured_of:
            model = model or load_model(run.model)
            content = {"of": measured_of, **_measure(run, model, data)}
            files.write_json(path, content)
        scores[name] = scores_from_dict(content)
        progress(1)
    return scores


def _measure(run: RunFolder, model: Any, data: Dataset) -> dict[str, Any]:
    card = read_card(run.model)
    if card is None:
        raise ModelRefusedError(
            "the model's card is gone", received=run.model, fix="Remove its folder and run the study again"
        )
    evaluation = evaluate_model(model, data, stride=card.architecture.stride, threshold=card.threshold)
    return scores_to_dict(evaluation, [row["index"] for row in data.rows])
