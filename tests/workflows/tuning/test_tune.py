"""Searches, by the real command and real trainings of tiny networks."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import optuna
import pytest
from command_runs import HANG, REPOSITORY, error_line, folder_names, succeed, table_of
from runs_here import run_here
from tqdm import TMonitor

import shapeseg
from shapeseg.commands.train import main as train_main
from shapeseg.datasets import Dataset
from shapeseg.errors import ShapesegError, UsageError
from shapeseg.held_signals import HeldSignals
from shapeseg.models import read_card
from shapeseg.workflows.tuning.search import tune
from shapeseg.workflows.tuning.settings import TuneOptions
from shapeseg.workflows.tuning.space import SearchSpace
from shapeseg.workflows.tuning.trial import run_trial

SPACE = SearchSpace(batch_size=(8, 16), widths=("4-4", "4-8"))
FLAGS = ("--batch-size", 8, 16, "--widths", "4-4", "4-8")
LONG = ("--epochs", 10**5, "--trials", 1, "--heartbeat", 1)


def start(folder, *flags):
    return subprocess.Popen(
        [sys.executable, "-m", "shapeseg", "tune", *map(str, (*FLAGS, *flags))],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def study_of(out):
    return optuna.load_study(study_name=out.name, storage=f"sqlite:///{out}/study.db")


def states(out):
    return [trial.state.name for trial in study_of(out).trials]


@pytest.fixture(scope="module")
def place(small_dataset, tmp_path_factory):
    """A folder with a dataset of which the files of test and holdout are gone."""
    place = tmp_path_factory.mktemp("tune")
    shutil.copytree(small_dataset, place / "data")
    for split in ("test", "holdout"):
        for row in Dataset(place / "data").split(split).rows:
            for role in ("image", "mask", "instance_map"):
                (place / "data" / row[role]).unlink()
    return place


@pytest.fixture(scope="module")
def shared(place):
    """What two processes said that began one search at once, which now has six trials."""
    flags = ("--data", "data", "--out", "shared", "--trials", 6, "--epochs", 2, "--startup-trials", 2)
    both = [start(place, *flags) for _ in range(2)]
    said = [process.communicate(timeout=HANG) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    return [stdout for stdout, _ in said]


def again(place, **changes):
    """Goes on with the search of two processes in this one."""
    usual = {"trials": 6, "epochs": 2, "startup_trials": 2, "space": SPACE}
    return tune(TuneOptions(data=place / "data", out=place / "shared", **(usual | changes)))


def running_threads():
    """Returns what runs, without what tqdm starts beside the first progress bar of a process, and never ends."""
    return {thread for thread in threading.enumerate() if not isinstance(thread, TMonitor)}


@pytest.mark.process
def test_two_processes_share_one_search(shared, place):
    numbers = [{int(line.split()[1]) for line in said.splitlines() if line.startswith("trial ")} for said in shared]
    assert all(numbers)
    assert not numbers[0] & numbers[1]
    trials = study_of(place / "shared").trials
    assert numbers[0] | numbers[1] == set(range(len(trials)))
    assert len(trials) in (6, 7)  # both may begin the last one
    assert {trial.state.name for trial in trials} <= {"COMPLETE", "PRUNED"}
    assert len({json.dumps(trial.params) for trial in trials}) >= len(trials) - 1  # both may begin with the usual settings


@pytest.mark.process
def test_every_finished_trial_is_a_run_and_nothing_else_is_left(shared, place):
    out = place / "shared"
    finished = {f"{number:04d}" for number, state in enumerate(states(out)) if state == "COMPLETE"}
    assert folder_names(out / "trials") == finished
    files = {"model.keras", "model.json", "config.json", "history.csv", "train_images.txt", "curves.png", "samples.png"}
    assert all(folder_names(out / "trials" / name) == files for name in finished)
    pictures = {"search.png", "importance.png"} if len(finished) >= 4 else {"search.png"}
    assert folder_names(out) == {"study.db", "best.json", "trials.csv", "trials", *pictures}
    assert [row["state"].upper() for row in table_of(out / "trials.csv")] == states(out)


@pytest.mark.process
def test_train_takes_the_best_settings_and_repeats_the_best_trial(shared, place, monkeypatch):
    monkeypatch.chdir(place)
    assert train_main(["--config", "shared/best.json", "--out", "fed-back"]) == 0
    best = study_of(place / "shared").best_trial
    history = table_of(place / "fed-back/history.csv")
    assert max(float(row["val_iou"]) for row in history) == pytest.approx(best.value, rel=1e-3)
    widths = read_card(place / "fed-back/model.keras").architecture.settings["widths"]
    assert "-".join(map(str, widths)) == best.params["widths"]


@pytest.mark.process
def test_a_search_goes_on_and_stops_at_its_number_of_trials(shared, place):
    before = len(states(place / "shared"))
    assert len(again(place).trials) == before
    assert len(again(place, trials=before + 1).trials) == before + 1


@pytest.mark.process
@pytest.mark.parametrize("changes", [{"epochs": 3}, {"space": SearchSpace(batch_size=(8,), widths=("4-4", "4-8"))}])
def test_a_search_goes_on_with_the_same_settings_only(changes, shared, place):
    before = states(place / "shared")
    with pytest.raises(UsageError, match=f"{'epochs' if 'epochs' in changes else 'batch_size'}: begun with"):
        again(place, **changes)
    assert states(place / "shared") == before


@pytest.mark.slow
def test_bad_trials_end_early_and_leave_nothing_behind(place):
    """Two good trials, one that does not learn, one that diverges, and one whose folder is taken."""
    out = place / "pruned"
    space = SearchSpace((1e-9, 1e30), batch_size=(4,), widths=("8-8",), loss=("bce+dice",), augmentation=())
    options = TuneOptions(data=place / "data", out=out, trials=4, epochs=8, startup_trials=2, space=space)
    out.mkdir()
    study = optuna.create_study(study_name=out.name, storage=options.storage_url, direction="maximize")
    for rate in (0.01, 0.02, 1e-9, 1e30, 0.01):
        study.enqueue_trial({"learning_rate": rate, "batch_size": 4, "widths": "8-8", "loss": "bce+dice"})
    threads = running_threads()
    first, second, still, wild = tune(options).trials[:4]
    assert [trial.state.name for trial in (first, second, still, wild)] == ["COMPLETE", "COMPLETE", "PRUNED", "PRUNED"]
    assert (still.user_attrs["pruned_as"], wild.user_attrs["pruned_as"]) == ("below the median", "diverged")
    assert len(still.intermediate_values) < 8 == len(first.intermediate_values)
    assert first.value == max(first.intermediate_values.values())
    assert folder_names(out / "trials") == {"0000", "0001"}
    assert running_threads() == threads
    assert not [link for link in Path("/proc/self/fd").glob("*") if "/trials/" in str(link.resolve())]
    # A folder that another made is not removed.
    (out / "trials/0004").mkdir()
    with pytest.raises(UsageError, match="0004"):
        tune(TuneOptions(data=place / "data", out=out, trials=5, epochs=8, startup_trials=2, space=space))
    assert states(out)[4] == "FAIL"
    assert (out / "trials/0004").is_dir()


def test_an_interruption_waits_until_the_study_is_written(place):
    options = TuneOptions(data=place / "data", out=place / "written", epochs=3, space=SPACE)
    study = optuna.create_study(direction="maximize")
    trial = study.ask()
    report = trial.report

    def interrupted_report(score, epoch):
        signal.raise_signal(signal.SIGINT)
        report(score, epoch)

    trial.report = interrupted_report
    training = options.training(SPACE.choose(trial))
    with pytest.raises(KeyboardInterrupt), HeldSignals() as signals:
        run_trial(trial, training, place / "written", signals)
    assert list(study.trials[0].intermediate_values) == [1]
    assert not (place / "written").exists()


def begin_a_long_trial(place, out):
    process = start(place, "--data", "data", "--out", out, *LONG)
    deadline = time.monotonic() + HANG
    while not (place / out / "trials/0000/history.csv").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.mark.process
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_fails_the_trial_and_keeps_the_study(number, code, place):
    process = begin_a_long_trial(place, f"signal-{number}")
    os.killpg(process.pid, number)
    stderr = process.communicate(timeout=HANG)[1]
    assert process.returncode == code
    assert error_line(stderr)
    out = place / f"signal-{number}"
    assert states(out) == ["FAIL"]
    assert folder_names(out) == {"study.db", "trials"}
    assert folder_names(out / "trials") == set()


@pytest.mark.process
def test_a_killed_trial_does_not_run_for_ever(place):
    process = begin_a_long_trial(place, "killed")
    process.kill()
    process.communicate()
    out = place / "killed"
    assert states(out) == ["RUNNING"]
    # Going on, without time for another trial, until three signs of life are missed, of one a second.
    options = TuneOptions(data=place / "data", out=out, trials=1, epochs=10**5, heartbeat=1, timeout=1e-9, space=SPACE)
    deadline = time.monotonic() + HANG
    while states(out) == ["RUNNING"]:
        assert time.monotonic() < deadline
        assert (out / "trials/0000").is_dir()
        tune(options)
    assert states(out) == ["FAIL"]
    assert folder_names(out / "trials") == set()


@pytest.mark.parametrize("name", ["trials", "epochs", "startup_trials", "heartbeat", "timeout"])
def test_no_number_is_below_one_and_no_time_is_none(name):
    with pytest.raises(UsageError, match=f"{name} must be"):
        TuneOptions(**{name: 0})


MISTAKES = {
    "widths that are no numbers": (2, "4-x", {"space": {"widths": ("4-x",)}}),
    "nothing to choose from": (2, r"loss=\(\)", {"space": {"loss": ()}}),
    "no batch": (2, "batch_size=0", {"space": {"batch_size": (0, 4)}}),
    "rates in the wrong order": (2, r"\(0.1, 0.01\)", {"space": {"learning_rate": (0.1, 0.01)}}),
    "a network that cannot be": (2, r"widths=\(48,\)", {"model": "segformer", "space": {"widths": ("48",)}}),
    "a folder that is no address of a database": (2, r"no \?", {"out": Path("what?")}),
    "a negative seed": (2, "seed=-1", {"seed": -1}),
    "a loss that learns no probability": (2, "ambiguous=exact, loss=dice", {"space": {"ambiguous": ("hard", "exact")}}),
    "an objective that is none": (2, "objective='dice'", {"objective": "dice"}),
    "no dataset": (3, "nowhere", {"data": Path("nowhere")}),
    "a storage of an unknown kind": (2, "Received: nonsense. ", {"storage": "nonsense://user:secret@host/name"}),
    "a storage that is not there": (4, "Received: sqlite. ", {"storage": "sqlite:////nowhere/study.db"}),
}


def make(mistake, place):
    changes = MISTAKES[mistake][2]
    space = SearchSpace(**{"widths": ("4-4",)} | changes.get("space", {}))
    tune(TuneOptions(**{"data": place / "data", "out": place / "mistake"} | changes | {"space": space}))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(mistake, place):
    code, words, _ = MISTAKES[mistake]
    with pytest.raises(ShapesegError, match=words) as told:
        make(mistake, place)
    assert told.value.exit_code == code


def test_trials_may_be_compared_by_the_log_loss_on_ambiguous_pixels(place):
    out = place / "honest"
    space = SearchSpace((8e-3, 8e-3), (4,), ("4-4",), ("bce",), ("exclude", "exact"), ("turn",))
    options = {"data": place / "data", "out": out, "objective": "log_loss", "trials": 2, "epochs": 3, "space": space}
    study = tune(TuneOptions(**options))
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    assert study.best_value == min(trial.value for trial in study.trials)
    for trial in study.trials:
        rows = shapeseg.Run(out / f"trials/{trial.number:04d}").history
        kept = max(rows, key=lambda row: row["val_iou"])
        assert trial.value == pytest.approx(kept["val_log_loss"], rel=1e-6)
        assert list(trial.intermediate_values.values()) == pytest.approx([row["val_log_loss"] for row in rows], rel=1e-6)
    assert float(table_of(out / "trials.csv")[study.best_trial.number]["val_log_loss"]) == study.best_value
    best = json.loads((out / "best.json").read_text())["training"]
    assert best["ambiguous"] == study.best_trial.params["ambiguous"]
    with pytest.raises(UsageError, match="objective: begun with log_loss, now iou"):
        tune(TuneOptions(**options | {"objective": "iou", "trials": 3}))


def test_a_log_loss_that_nobody_knows_is_no_objective(small_dataset, tmp_path):
    succeed(run_here("convert", small_dataset, "--to", "folder", "--out", "plain", cwd=tmp_path))
    options = TuneOptions(data=tmp_path / "plain", out=tmp_path / "out", objective="log_loss", space=SPACE)
    with pytest.raises(UsageError, match=r"Received: objective=log_loss, .*plain\. Use --objective iou"):
        tune(options)
    assert not (tmp_path / "out").exists()


def test_without_optuna_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    result = run_here("tune", cwd=tmp_path)
    assert result.returncode == 2
    assert "pip install optuna" in error_line(result.stderr)
    assert folder_names(tmp_path) == set()
