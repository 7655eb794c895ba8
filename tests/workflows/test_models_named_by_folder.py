"""A model may be named by the folder of its run, wherever a model is named."""

import json
import shutil

import numpy as np
import pytest
from command_runs import digest, error_line, folder_names, succeed
from PIL import Image
from runs_here import run_here

import shapeseg


@pytest.fixture
def place(small_dataset, tiny_run, tmp_path):
    shutil.copytree(tiny_run, tmp_path / "run")
    shutil.copytree(small_dataset, tmp_path / "data")
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "photo.png")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_it_is_measured_examined_and_asked(place):
    succeed(run_here("evaluate", "run", "--data", "data", cwd=place))
    metrics = json.loads((place / "reports/run/metrics.json").read_text())
    assert metrics["model_sha256"] == digest(place / "run/model.keras")
    assert "run: healthy" in succeed(run_here("doctor", "run", cwd=place)).stdout
    succeed(run_here("predict", "run", "photo.png", cwd=place))
    (found,) = (place / "predictions").glob("*.json")
    assert json.loads(found.read_text())["model"] == "run/model.keras"
    assert shapeseg.load_model(place / "run").count_params() == shapeseg.load_model(place / "run/model.keras").count_params()


def test_it_is_exported_beside_itself(place):
    before = folder_names(place / "run")
    succeed(run_here("export", "run/", "--format", "torch", cwd=place))
    assert folder_names(place / "run") - before == {"model.pt2", "model.pt2.json"}


def test_it_is_started_from_as_if_its_file_were_named(place):
    start = ("train", "--data", "data", "--epochs", 1, "--init-from")
    for name, out in (("run", "on"), ("run/model.keras", "same")):
        succeed(run_here(*start, name, "--out", out, cwd=place))
        assert json.loads((place / out / "config.json").read_text())["init_from"] == "run/model.keras"
    assert (place / "on/train_images.txt").read_text() == (place / "same/train_images.txt").read_text()
    assert (place / "on/history.csv").read_text() == (place / "same/history.csv").read_text()


NAMING = (
    "evaluate empty",
    "doctor empty",
    "predict empty photo.png",
    "export empty --format torch",
    "train --init-from empty",
)


@pytest.mark.parametrize("words", NAMING)
def test_a_folder_without_a_model_is_told(words, place):
    result = run_here(*words.split(), cwd=place)
    told = result.stdout if "doctor" in words else error_line(result.stderr)
    assert result.returncode == (1 if "doctor" in words else 6)
    assert "the folder of a run that holds one. Received: empty." in told


@pytest.mark.parametrize("name", [".", "model.keras", "..", "../model.keras"])
def test_a_report_is_named_after_its_run_from_within(name, place):
    here = place / "run" / ("deeper" if name.startswith("..") else "")
    here.mkdir(exist_ok=True)
    succeed(run_here("evaluate", name, "--data", place / "data", cwd=here))
    page = (here / "reports/run/report.html").read_text()
    assert "<title>run on the test split of" in page
