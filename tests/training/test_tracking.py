"""Trackers, the real ones: what they hold is what the run's folder holds, and none of them can stop a training."""

import csv
import json
import struct
import sys
import threading

import pytest
from command_runs import REPOSITORY, error_line, folder_names, run_python, run_script, succeed
from runs_here import run_here

from shapeseg.training.settings import TrainingSettings
from shapeseg.training.tracking import tracking
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train

FLAGS = ("--epochs", 2, "--widths", 4, 4, "--pictures-every", 1, "--track", "wandb", "--out", "run")


def history(run):
    with (run / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_tensorboard_holds_scores_settings_pictures_and_the_card(small_dataset, tmp_path, capsys):
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    settings = {"widths": (4, 4), "pictures_every": 1, "training": TrainingSettings(epochs=2)}
    train(TrainOptions(data=small_dataset, track="tensorboard", out=tmp_path / "run", **settings))
    assert "warning" not in capsys.readouterr().err
    events = reading.EventAccumulator(str(tmp_path / "run/tensorboard"))
    events.Reload()
    rows = history(tmp_path / "run")
    assert set(events.Tags()["scalars"]) == set(rows[0]) - {"epoch"}
    for name in events.Tags()["scalars"]:
        assert [event.step for event in events.Scalars(name)] == [1, 2]
        assert [event.value for event in events.Scalars(name)] == pytest.approx([float(row[name]) for row in rows], rel=1e-6)
    assert set(events.Tags()["images"]) == {"samples", "curves"}
    assert [event.step for event in events.Images("samples")] == [1, 2, 2]
    assert events.Images("curves")[0].width > 100
    (settings,), (card,) = (events.Tensors(f"{name}/text_summary") for name in ("settings", "model"))
    assert '"learning_rate": 0.008' in settings.tensor_proto.string_val[0].decode()
    assert json.loads((tmp_path / "run/model.json").read_text())["sha256"] in card.tensor_proto.string_val[0].decode()


def wandb_records(run):
    """Yields the records of an offline run: a log in the format of LevelDB, with a header of seven bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = (run / "wandb").glob("offline-run-*/run-*.wandb")
    content, place, record = path.read_bytes(), 7, b""
    while place + 7 <= len(content):
        if 2**15 - place % 2**15 < 7:  # a block has no room for another header
            place += 2**15 - place % 2**15
        _, size, kind = struct.unpack("<IHB", content[place : place + 7])
        record += content[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield Record.FromString(record)
            record = b""


def values(items):
    """Returns names and values of what wandb stores as JSON; of what is nested, the name of the whole."""
    return {item.key or item.nested_key[0]: json.loads(item.value_json) for item in items}


@pytest.mark.process
def test_wandb_offline_holds_scores_settings_pictures_and_the_model(small_dataset, tmp_path):
    pytest.importorskip("wandb")
    flags = (
        "--data",
        small_dataset,
        "--epochs",
        2,
        "--widths",
        4,
        4,
        "--pictures-every",
        1,
        "--track",
        "wandb",
        "--out",
        "run",
    )
    result = succeed(run_script("train.py", *flags, cwd=tmp_path, WANDB_MODE="offline", WANDB_PROJECT=None))
    assert "warning" not in result.stderr
    records = list(wandb_records(tmp_path / "run"))
    logged = [values(record.history.item) for record in records if record.HasField("history")]
    scores = [line for line in logged if "val_iou" in line]
    for line, row in zip(scores, history(tmp_path / "run"), strict=True):
        assert {name: line[name] for name in row} == pytest.approx({name: float(value) for name, value in row.items()})
    assert [line["epoch"] for line in logged if "samples" in line] == [1, 2, 2]
    assert [line["epoch"] for line in logged if "curves" in line] == [2]
    run = next(record.run for record in records if record.HasField("run"))
    assert run.project == "shapeseg"
    config = values(run.config.update)
    assert config["training"]["learning_rate"] == 0.008
    (artifact,) = [record.artifact for record in records if record.HasField("artifact")]
    assert (artifact.name, artifact.type) == ("run", "model")
    assert {entry.path for entry in artifact.manifest.contents} == {"model.keras", "model.json"}


@pytest.mark.process
def test_a_failing_tracker_leaves_the_run_whole(small_dataset, tmp_path):
    pytest.importorskip("wandb")
    result = succeed(run_script("train.py", "--data", small_dataset, *FLAGS, cwd=tmp_path, WANDB_MODE="nonsense"))
    (line,) = result.stderr.splitlines()
    assert line.startswith("warning: wandb no longer tracks this run, which continues (")
    whole = {"model.keras", "model.json", "history.csv", "config.json", "train_images.txt", "curves.png", "samples.png"}
    assert folder_names(tmp_path / "run") == whole
    assert len(history(tmp_path / "run")) == 2
    assert json.loads((tmp_path / "run/model.json").read_text())["scores"]["epochs"] == 2


SWITCHED_OFF = """
from pathlib import Path
from shapeseg.training.tracking import tracking

with tracking("wandb", Path.cwd(), {"seed": 3}) as tracked:
    tracked.tell(lambda tracker: tracker.scores(1, {"loss": 0.5}))
    tracked.tell(lambda tracker: print("nothing has failed"))
"""


@pytest.mark.process
def test_wandb_can_be_switched_off(tmp_path):
    pytest.importorskip("wandb")
    result = succeed(run_python("-c", SWITCHED_OFF, cwd=tmp_path, PYTHONPATH=REPOSITORY, WANDB_MODE="disabled"))
    assert result.stdout == "nothing has failed\n"
    assert "warning" not in result.stderr
    assert folder_names(tmp_path) == set()


def test_a_tracker_is_left_alone_after_its_first_failure(tmp_path, capsys):
    pytest.importorskip("tensorboard")
    told = []
    (tmp_path / "tensorboard").write_text("a file where the events should go")
    with tracking("tensorboard", tmp_path, {}) as tracked:
        tracked.tell(told.append)
    assert told == []
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: tensorboard no longer tracks this run, which continues (FileExistsError")


def test_a_failure_on_the_way_is_told_once_and_the_tracker_is_not_asked_again(tmp_path, capsys):
    pytest.importorskip("tensorboard")
    told = []
    with tracking("tensorboard", tmp_path, {}) as tracked:
        tracked.tell(lambda tracker: tracker.picture(1, tmp_path / "nowhere.png"))
        tracked.tell(told.append)
    assert told == []
    (line,) = capsys.readouterr().err.splitlines()
    assert "FileNotFoundError" in line


@pytest.mark.parametrize(("name", "module"), [("tensorboard", "tensorboard"), ("wandb", "wandb")])
def test_a_tracker_that_is_not_installed_is_told_before_any_work(name, module, small_dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    result = run_here("train", "--data", small_dataset, "--track", name, "--out", "run", cwd=tmp_path)
    assert result.returncode == 2
    assert f"pip install {module}" in error_line(result.stderr)
    assert folder_names(tmp_path) == set()


def test_a_run_that_ends_badly_still_closes_its_tracker(tmp_path):
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def end_badly():
        with tracking("tensorboard", tmp_path, {"seed": 3}) as tracked:
            tracked.tell(lambda tracker: tracker.scores(1, {"loss": 0.5}))
            raise KeyError

    threads = threading.active_count()
    with pytest.raises(KeyError):
        end_badly()
    assert threading.active_count() == threads
    events = reading.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.value for event in events.Scalars("loss")] == [0.5]


def test_no_tracker_writes_nothing(tmp_path, capsys):
    with tracking("none", tmp_path, {}) as tracked:
        tracked.tell(lambda tracker: tracker.scores(1, {"loss": 0.5}))
    assert folder_names(tmp_path) == set()
    assert capsys.readouterr().err == ""
