"""Two commands that write into one folder: the second is told, and nothing is mixed. Foreign folders stay as they are."""

import json
import shutil

import pytest
from command_runs import error_line, folder_names, succeed
from runs_here import run_here

from shapeseg.folders import LOCK, writer_lock


@pytest.fixture
def place(tmp_path, tiny_run, small_dataset):
    """A folder with a model and a dataset to work on."""
    shutil.copytree(tiny_run, tmp_path / "run")
    (tmp_path / "data").symlink_to(small_dataset)
    return tmp_path


COMMANDS = {
    "evaluate": (["evaluate", "run/model.keras", "--data", "data", "--split", "all", "--out", "out"], "out"),
    "predict": (["predict", "run/model.keras", "data/images/000000.png", "--out", "out"], "out"),
    "study": (["study", "--quick", "--out", "out"], "out"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_second_command_into_one_folder_is_told(command, place):
    words, out = COMMANDS[command]
    (place / out).mkdir()
    with writer_lock(place / out):
        result = run_here(*words, cwd=place)
        assert result.returncode == 5
        assert "another command is writing here" in error_line(result.stderr)
        assert folder_names(place / out) == {LOCK}


@pytest.mark.parametrize("command", ["evaluate", "study"])
def test_a_folder_of_somebody_else_s_is_left(command, place):
    words, out = COMMANDS[command]
    (place / out).mkdir()
    (place / out / "config.json").write_text("{}")
    (place / out / "report.html").write_text("mine")
    result = run_here(*words, cwd=place)
    assert result.returncode == 2
    assert "the folder holds something other than a" in error_line(result.stderr)
    assert folder_names(place / out) == {"config.json", "report.html"}
    assert (place / out / "report.html").read_text() == "mine"


def test_a_report_is_written_over_an_earlier_one_and_through_no_link(place):
    words, _ = COMMANDS["evaluate"]
    victim = place / "victim"
    victim.write_text("precious")
    succeed(run_here(*words, cwd=place))
    first = folder_names(place / "out")
    assert LOCK not in first
    for name in ("report.html", "per_image.csv", "worst.png"):
        (place / "out" / name).unlink()
        (place / "out" / name).symlink_to(victim)
    succeed(run_here(*words, "--threshold", "0.4", cwd=place))
    assert victim.read_text() == "precious"
    assert folder_names(place / "out") == first
    assert json.loads((place / "out/metrics.json").read_text())["threshold"] == 0.4


def test_a_history_that_is_none_is_told_before_anything_is_measured(place):
    words, _ = COMMANDS["evaluate"]
    (place / "run/history.csv").write_bytes(b"\xff\x00epoch,loss\n1,word\n")
    result = run_here(*words, cwd=place)
    assert result.returncode == 3
    assert "history.csv" in error_line(result.stderr)
    assert not (place / "out").exists()
