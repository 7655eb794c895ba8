import json

import pytest
from command_runs import succeed
from runs_here import run_here

from shapeseg.datasets import Dataset
from shapeseg.errors import InputError
from shapeseg.models import build
from shapeseg.training.budget import affordable_epochs
from shapeseg.training.fit import compile_model
from shapeseg.training.run_folder import RunFolder
from shapeseg.training.settings import TrainingSettings


def test_a_thousand_times_the_minutes_are_many_more_epochs_and_no_time_is_one(small_dataset):
    data = Dataset(small_dataset)
    train, val = data.split("train").feed(4), data.split("val").feed(4)
    model = build("unet", {"widths": (4, 4)})
    compile_model(model, TrainingSettings(), len(train))
    assert affordable_epochs(model, train, val, 1e-9) == 1
    short, long = (affordable_epochs(model, train, val, minutes) for minutes in (0.05, 50))
    assert short < long


@pytest.mark.slow
def test_the_plan_replaces_epochs_and_the_rate_falls_to_zero_over_it(small_dataset, tmp_path):
    flags = ("--data", small_dataset, "--widths", 4, 4, "--out", "run", "--max-minutes", 0.05, "--epochs", 9999)
    succeed(run_here("train", *flags, cwd=tmp_path))
    planned = json.loads((tmp_path / "run" / "config.json").read_text())["training"]["epochs"]
    assert 1 <= planned < 9999  # a number that no machine reaches in three seconds
    rows = (tmp_path / "run" / "history.csv").read_text().splitlines()
    rates = [float(row.rpartition(",")[2]) for row in rows[1:]]
    steps = len(rates) / planned  # of the plan, should the machine have slowed down since
    assert rates[-1] == pytest.approx(TrainingSettings().learning_rate * (1 - steps), abs=1e-6)


def test_a_resume_goes_on_with_the_plan(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(InputError, match="no unfinished run"):
        folder.planned_epochs()
    folder.make({"training": {"epochs": 31}})
    assert folder.planned_epochs() == 31
