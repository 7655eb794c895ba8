"""The extra model, trained, saved, reloaded and measured as a user does; test_command_errors.py asks what it is without."""

import csv
import json

import pytest
from command_runs import REPOSITORY, run_script, succeed
from extras import marks_of

from shapeseg.architectures import ARCHITECTURES
from shapeseg.datasets import Dataset, create_dataset
from shapeseg.datasets.examples import examples
from shapeseg.evaluation.counts import pooled
from shapeseg.evaluation.prediction import predict
from shapeseg.inference.opened_model import open_model
from shapeseg.models import read_card

MODEL = "keras_cv_deeplab_v3_plus"
with_keras_cv = [pytest.param(MODEL, marks=[pytest.mark.process, *marks_of(MODEL)])]


@pytest.fixture(scope="module")
def place(small_settings, tmp_path_factory):
    """A folder with 100 small images, a run that learnt from them, and a report of it."""
    place = tmp_path_factory.mktemp("keras_cv")
    create_dataset(place / "data", num_images=100, seed=5, settings=small_settings)
    flags = ("--data", "data", "--epochs", 20, "--learning-rate", 4e-3, "--augmentation", "turn", "recolor", "--out", "run")
    succeed(run_script("train.py", "--model", MODEL, *flags, cwd=place))
    flags = ("run/model.keras", "--data", "data", "--split", "train", "--out", "report")
    succeed(run_script("evaluate.py", *flags, cwd=place))
    return place


@pytest.mark.parametrize("name", with_keras_cv)
def test_it_learns_what_a_rectangle_is(name, place):
    with (place / "run/history.csv").open(newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert len(losses) == 20
    assert losses[-1] < losses[0] / 2
    # Half of all shapes are rectangles: who finds shapes, but knows no rectangle from an ellipse, gets about 0.5.
    assert json.loads((place / "report/metrics.json").read_text())["iou"] > 0.55
    assert read_card(place / "run/model.keras").architecture.name == name


@pytest.mark.parametrize("name", with_keras_cv)
def test_another_process_reloads_the_model_that_was_saved(name, place):
    metrics = json.loads((place / "report/metrics.json").read_text())
    model = open_model(place / "run/model.keras")
    train = examples(Dataset(place / "data").split("train"))
    counts = pooled(each.counts(metrics["threshold"]) for each in predict(model, train))
    assert model.predictor.name == name
    assert metrics["images"] == 72
    assert metrics["iou"] == pytest.approx(counts.iou, abs=1e-4)


def test_the_install_line_names_the_versions_that_are_tested():
    tested = (REPOSITORY / "requirements-keras-cv.txt").read_text().splitlines()
    line = ARCHITECTURES[MODEL].install
    assert set(line.removeprefix("pip install ").split()) <= set(tested)
