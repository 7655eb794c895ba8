"""``evaluate``: what it writes, what it refuses, and the holdout split that is measured once."""

import contextlib
import json
import shutil
from dataclasses import replace

import pytest
from command_runs import REPOSITORY, error_line, folder_names, succeed, table_of
from PIL import Image
from runs_here import run_here

from shapeseg.commands.evaluate import main
from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.errors import UsageError
from shapeseg.evaluation import PredictionOptions
from shapeseg.folders import result_folder
from shapeseg.models import read_card
from shapeseg.scenes import SceneSettings
from shapeseg.workflows.evaluate import evaluate
from shapeseg.workflows.options import EvaluateOptions

METRICS = {
    *("images", "split", "trained_on", "beyond_search", "threshold", "target", "iou", "dice", "precision", "recall"),
    *("iou_interval", "iou_decidable", "iou_ceiling", "iou_per_image_mean", "iou_per_image_median", "iou_per_image_worst5"),
    *(
        "iou_per_image_undefined",
        "boundary_iou",
        "by_occlusion",
        "breakdown",
        "panoptic",
        "calibration",
        "ambiguous",
        "wrong_pixels",
    ),
    *(
        "ambiguous",
        "undefined",
        "options",
        "effects",
        "target_name",
        "model",
        "model_sha256",
        "dataset",
        "dataset_sha256",
        "backend",
        "versions",
        "command",
    ),
}
INSTANCE = [
    *("index", "image_id", "split", "instance", "occlusion_rate", "occlusion", "occluder_kind", "occluder_color", "pieces"),
    *("visible_area", "found_pixels", "recall", "iou", "touching", "ignored"),
]
FILES = {"metrics.json", "per_image.csv", "per_instance.csv", "worst.png", "random.png", "report.html", "config.json"}


def metrics_of(out):
    return json.loads((out / "metrics.json").read_text())


@pytest.fixture(scope="module")
def place(small_dataset, tiny_run, tmp_path_factory):
    """A folder with a dataset, a run, and the report of it with everything that can be asked for."""
    place = tmp_path_factory.mktemp("evaluate")
    shutil.copytree(small_dataset, place / "data")
    shutil.copytree(tiny_run, place / "run")
    asked = {"prediction": PredictionOptions(min_component=5), "corruptions": True, "corruption_images": 3}
    evaluate(EvaluateOptions(place / "run/model.keras", data=place / "data", split="all", out=place / "full", **asked))
    return place


def test_everything_is_written_in_the_agreed_form(place):
    out = place / "full"
    assert folder_names(out) == FILES | {"corruptions.json", "corruptions.png"}
    metrics = metrics_of(out)
    assert set(metrics) == METRICS
    assert metrics["images"] == 30
    assert metrics["options"] == {"tta": False, "min_component": 5}
    assert list(metrics["effects"]) == ["plain", "min_component"]
    instances = table_of(out / "per_instance.csv")
    assert list(instances[0]) == INSTANCE
    held = [each for row in Dataset(place / "data").rows for each in row["instances"] if each["kind"] == "rectangle"]
    assert [int(row["visible_area"]) for row in instances] == [each["visible_area"] for each in held]
    assert [row["image_id"] for row in table_of(out / "per_image.csv")] == [f"{index:06d}" for index in range(30)]
    assert json.loads((out / "config.json").read_text())["prediction"]["min_component"] == 5
    for name in ("worst.png", "random.png", "corruptions.png"):
        with Image.open(out / name) as picture:
            picture.load()
    curves = json.loads((out / "corruptions.json").read_text())
    assert curves["images"] == 3
    assert all(len(curve["steps"]) == 5 for curve in curves["curves"].values())
    assert "on all images of" in (out / "report.html").read_text()


def test_a_report_is_renewed_and_nothing_old_stays(place, tmp_path, capsys):
    out = shutil.copytree(place / "full", tmp_path / "report")
    (out / "notes.txt").write_text("mine")
    assert main([str(place / "run/model.keras"), "--data", str(place / "data"), "--out", str(out)]) == 0
    assert folder_names(out) == FILES | {"notes.txt"}
    metrics = metrics_of(out)
    assert (metrics["split"], metrics["effects"]) == ("test", None)
    text = capsys.readouterr().out
    for name in ("iou", "iou_decidable", "boundary iou, 1 px", "panoptic quality", "recall, occlusion (0, 0.25]"):
        assert name in text
    assert "holdout" not in text


def test_a_folder_of_other_things_is_left_alone(place, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main([str(place / "run/model.keras"), "--data", str(place / "data"), "--out", str(tmp_path)]) == 2
    assert "notes.txt" in capsys.readouterr().err
    assert folder_names(tmp_path) == {"notes.txt"}
    # What an evaluation left that was killed before its end is no other thing.
    unfinished = tmp_path / "unfinished"
    with contextlib.suppress(InterruptedError), result_folder(unfinished, "report", bool):
        (unfinished / "per_image.csv").write_text("")
        raise InterruptedError
    assert main([str(place / "run/model.keras"), "--data", str(place / "data"), "--out", str(unfinished)]) == 0
    assert metrics_of(unfinished)["split"] == "test"


def test_the_holdout_split_is_measured_once_for_the_card(place, tmp_path, capsys):
    run = shutil.copytree(place / "run", tmp_path / "run")
    before = read_card(run / "model.keras")
    ship = [str(run / "model.keras"), "--data", str(place / "data"), "--out", str(tmp_path / "report"), "--ship"]
    assert main(ship) == 0
    assert "the holdout split is kept" in capsys.readouterr().out
    metrics, card = metrics_of(tmp_path / "report"), read_card(run / "model.keras")
    assert metrics["split"] == "holdout"
    held = card.scores["holdout"]
    assert held["ambiguous"] == metrics["ambiguous"]
    assert (held["iou"], held["images"], held["model_sha256"]) == (metrics["iou"], metrics["images"], card.sha256)
    assert held["dataset_sha256"] == metrics["dataset_sha256"]
    # Nothing else in the card has changed, and a second time is refused and changes nothing.
    assert {name: value for name, value in card.scores.items() if name != "holdout"} == before.scores
    assert (card.sha256, card.threshold, card.command) == (before.sha256, before.threshold, before.command)
    content = (run / "model.json").read_bytes()
    assert main(ship) == 2
    assert "measured already" in capsys.readouterr().err
    assert (run / "model.json").read_bytes() == content
    # To look at the split is possible, but only by its name, and with the note.
    assert main([*ship[:-1], "--split", "holdout"]) == 0
    assert "the holdout split is kept" in capsys.readouterr().out
    assert (run / "model.json").read_bytes() == content


@pytest.mark.parametrize(
    "changes", [{"split": "all"}, {"threshold": 0.4}, {"prediction": PredictionOptions(tta=True)}], ids=str
)
def test_a_model_ships_as_it_is(changes):
    with pytest.raises(UsageError, match="--ship"):
        EvaluateOptions(ship=True, **changes)


@pytest.mark.parametrize(
    ("flags", "word"),
    [(("--corruption-images", "0"), "corruption_images=0"), (("--ship", "--split", "val"), "split=val")],
    ids=str,
)
def test_a_value_that_cannot_be_meant_is_usage(flags, word, capsys):
    assert main(list(flags)) == 2
    assert word in error_line(capsys.readouterr().err)


def test_a_folder_without_recipes_is_measured_by_what_can_be_known(place, tmp_path, capsys):
    for name in ("images", "masks"):
        (tmp_path / "plain" / name).mkdir(parents=True)
    for sample in Dataset(place / "data"):
        Image.fromarray(sample.image).save(tmp_path / "plain/images" / f"{sample.row['image_id']}.png")
        Image.fromarray(sample.mask).save(tmp_path / "plain/masks" / f"{sample.row['image_id']}.png")
    options = ["--data", str(tmp_path / "plain"), "--split", "all", "--out", str(tmp_path / "report")]
    assert main([str(place / "run/model.keras"), *options]) == 0
    text = capsys.readouterr().out
    rows = dict(line.split("  ", 1) for line in text.splitlines() if "  " in line)
    assert rows["target"].strip() == "target"
    assert "unknown" not in text
    assert not [name for name in rows if "decidable" in name or "ceiling" in name or "occlusion" in name]
    assert metrics_of(tmp_path / "report")["by_occlusion"] is None
    assert table_of(tmp_path / "report/per_instance.csv") == []
    (tmp_path / "plain/images/000004.png").write_bytes(b"no image")
    assert main([str(place / "run/model.keras"), *options]) == 3
    assert "000004.png" in capsys.readouterr().err
    assert metrics_of(tmp_path / "report")["images"] == 30  # the report before is still there


def test_images_that_were_learned_from_are_counted(place, tmp_path, capsys):
    learned = Dataset(place / "data").split("train")
    words = [str(place / "run/model.keras"), "--data", str(place / "data"), "--out", str(tmp_path / "report"), "--split"]
    for split, count, warned in (("all", len(learned), True), ("train", len(learned), False), ("test", 0, False)):
        assert main([*words, split]) == 0
        said = capsys.readouterr()
        assert metrics_of(tmp_path / "report")["trained_on"] == count
        assert f"{count} of these images" in said.out
        assert (f"{count} of the 30 images measured were learned from" in said.err) == warned


def test_without_data_a_model_is_measured_on_what_it_learned_from(place, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = shutil.copytree(place / "run", tmp_path / "run") / "model.keras"
    words, card = [str(model), "--out", "report"], read_card(model)
    assert main(words) == 0
    assert metrics_of(tmp_path / "report")["dataset"] == card.data["folder"]
    replace(card, data=card.data | {"folder": "data", "sha256": "0" * 64}).write(model)
    shutil.copytree(place / "data", tmp_path / "data")
    assert main(words) == 0
    assert "data has changed since the model was trained on it" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "data")
    assert main(words) == 3
    assert "--data" in capsys.readouterr().err
    assert not (tmp_path / "data/shapes").exists()


def test_a_dataset_without_rectangles_says_so(place, tmp_path, capsys):
    scene = SceneSettings(width=32, height=32, min_size=6, max_size=12, kinds=("ellipse",))
    create_dataset(tmp_path / "d", num_images=10, seed=0, settings=DatasetSettings(scene=scene))
    options = ["--data", str(tmp_path / "d"), "--split", "all", "--out", str(tmp_path / "report")]
    assert main([str(place / "run/model.keras"), *options]) == 0
    assert "there is no rectangle in these images" in capsys.readouterr().out
    assert metrics_of(tmp_path / "report")["recall"] is None


def test_a_split_and_a_threshold_can_be_named_and_a_report_is_renewed(place, tmp_path):
    report = shutil.copytree(place / "full", tmp_path / "report")
    flags = ("--data", place / "data", "--split", "all", "--threshold", 0.9, "--out", report)
    succeed(run_here("evaluate", place / "run/model.keras", *flags, cwd=tmp_path))
    metrics = metrics_of(report)
    assert (metrics["split"], metrics["threshold"], metrics["images"]) == ("all", 0.9, 30)
    assert [row["image_id"] for row in table_of(report / "per_image.csv")] == [f"{index:06d}" for index in range(30)]


def test_images_of_a_size_that_training_refuses_can_be_measured(tiny_run, tmp_path):
    flags = ("--width", 45, "--height", 50, "--min-size", 8, "--max-size", 20, "--num-images", 10)
    succeed(run_here("generate", "--out", "odd", *flags, cwd=tmp_path))
    model = tiny_run / "model.keras"
    succeed(run_here("evaluate", model, "--data", "odd", "--split", "all", "--out", "report", cwd=tmp_path))
    assert metrics_of(tmp_path / "report")["images"] == 10


def test_a_model_named_from_its_own_folder_gets_a_report_of_its_name(small_dataset, tiny_run, tmp_path):
    shutil.copytree(tiny_run, tmp_path / "mine")
    flags = ("model.keras", "--data", small_dataset, "--split", "all")
    succeed(run_here("evaluate", *flags, cwd=tmp_path / "mine"))
    assert (tmp_path / "mine/reports/mine/metrics.json").exists()


def test_a_model_of_whole_rectangles_is_not_measured_where_they_are_unknown(small_dataset, tmp_path):
    flags = ("--data", small_dataset, "--target", "amodal", "--epochs", 1, "--widths", 4, 4, "--out", "run")
    succeed(run_here("train", *flags, cwd=tmp_path))
    for name in ("images", "masks"):
        shutil.copytree(small_dataset / name, tmp_path / "plain" / name)
    result = run_here("evaluate", "run/model.keras", "--data", "plain", "--split", "all", cwd=tmp_path)
    assert result.returncode == 3
    assert "whole rectangles" in error_line(result.stderr)


def test_the_reference_is_measured_on_the_default_dataset_and_its_copy_on_none(tmp_path, small_dataset):
    shutil.copytree(small_dataset, tmp_path / "data/shapes")
    for name in ("reference", "copy"):
        shutil.copytree(REPOSITORY / "saved_models/reference", tmp_path / "saved_models" / name)
    told = succeed(run_here("evaluate", "saved_models/reference", "--out", "report", cwd=tmp_path))
    assert "data/shapes" in told.stdout
    assert "warning" not in told.stderr
    refused = run_here("evaluate", "saved_models/copy", "--out", "other", cwd=tmp_path)
    assert refused.returncode == 3
    assert "Received: data/reference. Name one to measure on: --data FOLDER" in error_line(refused.stderr)
