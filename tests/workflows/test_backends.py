import csv
import json

import pytest
from command_runs import COMPILE_QUICKLY, REPOSITORY, run_in_turn, run_script, succeed
from extras import other_backends

from shapeseg.datasets import Dataset, create_dataset
from shapeseg.datasets.examples import examples
from shapeseg.evaluation.counts import pooled
from shapeseg.evaluation.prediction import predict
from shapeseg.inference.opened_model import open_model
from shapeseg.workflows.evaluate import evaluate
from shapeseg.workflows.options import EvaluateOptions

REFERENCE = REPOSITORY / "saved_models/reference/model.keras"

pytestmark = pytest.mark.process


def history(run):
    with (run / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=other_backends)
def elsewhere(request, small_dataset, tmp_path_factory):
    """A backend, and the folder where it trained and measured a model, and measured the reference, which torch trained."""
    backend = request.param
    if backend == "jax":
        pytest.importorskip("jax")
    place = tmp_path_factory.mktemp(backend)
    create_dataset(place / "data", num_images=20, seed=7)
    run_in_turn(
        ("train", "--data", small_dataset, "--epochs", 1, "--widths", 4, 4, "--batch-size", 32, "--out", "run"),
        ("evaluate", "run/model.keras", "--data", small_dataset, "--split", "all", "--out", "report"),
        ("evaluate", REFERENCE, "--data", "data", "--split", "all", "--out", "reference"),
        cwd=place,
        KERAS_BACKEND=backend,
        XLA_FLAGS=COMPILE_QUICKLY,
    )
    return backend, place


def test_another_backend_trains_and_measures_and_this_one_reads_the_model(elsewhere, small_dataset):
    backend, place = elsewhere
    assert len(history(place / "run")) == 1
    assert backend in json.loads((place / "run/model.json").read_text())["versions"]
    metrics = json.loads((place / "report/metrics.json").read_text())
    model = open_model(place / "run/model.keras")
    assert model.threshold == metrics["threshold"]
    counts = pooled(each.counts(model.threshold) for each in predict(model, examples(Dataset(small_dataset))))
    assert metrics["images"] == 30
    assert metrics["iou"] == pytest.approx(counts.iou, abs=1e-3)


def test_a_model_trained_on_torch_scores_the_same_elsewhere(elsewhere, tmp_path):
    _, place = elsewhere
    evaluate(EvaluateOptions(model=REFERENCE, data=place / "data", split="all", out=tmp_path / "torch"))
    here, there = (json.loads((folder / "metrics.json").read_text()) for folder in (tmp_path / "torch", place / "reference"))
    assert (here["images"], there["images"]) == (20, 20)
    assert here["iou"] > 0.9  # or equality would say little
    for score in ("iou", "dice", "precision", "recall", "iou_per_image_mean"):
        assert there[score] == pytest.approx(here[score], abs=1e-4)


def test_a_user_s_keras_settings_change_nothing(small_dataset, tiny_run, tmp_path):
    (tmp_path / "keras").mkdir()
    settings = {"backend": "jax", "floatx": "float16", "epsilon": 1e-7, "image_data_format": "channels_first"}
    (tmp_path / "keras/keras.json").write_text(json.dumps(settings))
    flags = ("--data", small_dataset, "--epochs", 1, "--widths", 4, 4, "--out", "run")
    succeed(run_script("train.py", *flags, cwd=tmp_path, KERAS_HOME=tmp_path / "keras", KERAS_BACKEND=None))
    (row,), (usual,) = history(tmp_path / "run"), history(tiny_run)
    for name, value in usual.items():
        assert float(row[name]) == pytest.approx(float(value), rel=1e-3, abs=1e-6)
