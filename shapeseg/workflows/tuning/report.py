"""What a search is judged by: the best settings as a file, all trials as a table, and two pictures."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.trial import TrialState

from shapeseg import files
from shapeseg.reporting.pictures import save_figure
from shapeseg.reporting.tables import csv_text, table
from shapeseg.settings import options_to_dict
from shapeseg.workflows.tuning.objective import Objective
from shapeseg.workflows.tuning.pictures import Outcome, importance_figure, search_figure
from shapeseg.workflows.tuning.settings import TuneOptions

_ENOUGH = 4
"""So many finished trials are needed to tell which settings mattered."""

_NO_SETTINGS_OF_A_MODEL = {"config", "debug", "out", "resume"}


def write_best(study: optuna.Study, options: TuneOptions) -> None:
    """Writes ``best.json``, which ``train.py --config`` takes, when a trial is finished."""
    best = _best(study)
    if best is not None:
        content = options_to_dict(options.training(best.params))
        kept = {name: value for name, value in content.items() if name not in _NO_SETTINGS_OF_A_MODEL and value is not None}
        files.write_json(options.folder / "best.json", kept)


def write_report(study: optuna.Study, options: TuneOptions) -> None:
    """Writes best.json, trials.csv, search.png and importance.png, and prints what was found."""
    write_best(study, options)
    trials = study.get_trials(deepcopy=False)
    objective = options.compared_by
    outcomes = [Outcome(trial.number, _score(trial, objective), trial.state == TrialState.COMPLETE) for trial in trials]
    files.write_text(options.folder / "trials.csv", _table_of(trials, objective))
    save_figure(search_figure(outcomes, objective), options.folder / "search.png")
    weights = _importances(study)
    if weights:
        save_figure(importance_figure(weights), options.folder / "importance.png")
    states = [trial.state for trial in trials]
    best = _best(study)
    rows: dict[str, Any] = {
        "study": options.name,
        "trials": f"{states.count(TrialState.COMPLETE)} finished, {states.count(TrialState.PRUNED)} pruned, "
        f"{states.count(TrialState.RUNNING)} running, {states.count(TrialState.FAIL)} failed",
    }
    if best is not None:
        rows |= {
            "best trial": best.number,
            objective.words: best.value,
            "its settings": describe(best.params),
            "train with them": f"python train.py --config {shlex.quote(str(options.folder / 'best.json'))}",
        }
    if not weights:
        rows["importance.png"] = f"not drawn: needs {_ENOUGH} finished trials, and settings that vary"
    print(table(rows))


def describe(params: Mapping[str, Any]) -> str:
    """Returns a trial's values in one line.

    >>> describe({"learning_rate": 0.0123456, "batch_size": 4, "with_turn": True, "with_noise": False})
    'learning_rate 0.01235, batch_size 4, with_turn'
    """
    parts = []
    for name, value in params.items():
        if isinstance(value, bool):
            parts += [name] if value else []
        else:
            parts.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(parts)


def _best(study: optuna.Study) -> optuna.trial.FrozenTrial | None:
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return study.best_trial if finished else None


def _importances(study: optuna.Study) -> dict[str, float]:
    """Returns how much of what makes the best trials good is due to each setting that varies; nothing before enough finish."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < _ENOUGH:
        return {}
    vary = {name for trial in finished for name, values in trial.distributions.items() if not values.single()}
    found = optuna.importance.get_param_importances(study)
    return {name: value for name, value in found.items() if name in vary and math.isfinite(value)}


def _score(trial: optuna.trial.FrozenTrial, objective: Objective) -> float | None:
    """Returns the score of a finished trial, and the best one seen of any other."""
    if trial.value is not None and trial.state == TrialState.COMPLETE:
        return trial.value
    score: float | None = objective.best(trial.intermediate_values.values(), default=None)
    return score


def _table_of(trials: list[optuna.trial.FrozenTrial], objective: Objective) -> str:
    names = sorted({name for trial in trials for name in trial.params})
    header = ["trial", "state", "pruned_as", objective.column, "epochs", "seconds", *names]
    rows = []
    for trial in trials:
        seconds = round(trial.duration.total_seconds(), 1) if trial.duration else None
        state, why = trial.state.name.lower(), trial.user_attrs.get("pruned_as")
        rows.append(
            [trial.number, state, why, _score(trial, objective), len(trial.intermediate_values), seconds]
            + [trial.params.get(name) for name in names]
        )
    return csv_text(header, rows)
