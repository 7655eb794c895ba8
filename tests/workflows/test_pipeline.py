"""generate, train and evaluate, as a user types them."""

import csv
import hashlib
import json
import shutil

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, SMALL, error_line, folder_names, run_python, run_script, succeed
from independent_rendering import render_again
from PIL import Image

import shapeseg
from shapeseg.commands.provenance import command_line
from shapeseg.datasets import Dataset
from shapeseg.models import read_card

TINY = ("--epochs", 1, "--widths", 4, 4)


def rows_of(folder):
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_bytes().splitlines()]


def table_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_picture(path):
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 100
        picture.load()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder in which 20 small images were drawn, a tiny model trained on them and measured."""
    place = tmp_path_factory.mktemp("pipeline")
    place.joinpath("stdout").write_text(
        "".join(
            succeed(run_script(*command, cwd=place)).stdout
            for command in (
                ("generate_data.py", "--out", "data/tiny", "--num-images", 20, "--seed", 1, *SMALL),
                ("train.py", "--data", "data/tiny", *TINY, "--out", "saved_models/tiny"),
                ("evaluate.py", "saved_models/tiny/model.keras", "--data", "data/tiny", "--out", "reports/tiny"),
            )
        )
    )
    return place


def test_the_dataset_is_what_was_asked_for(place):
    rows = rows_of(place / "data/tiny")
    assert len(rows) == 20
    assert {(row["width"], row["height"]) for row in rows} == {(64, 64)}
    manifest = json.loads((place / "data/tiny/dataset.json").read_text())
    assert manifest["seed"] == 1
    assert (manifest["settings"]["scene"]["min_size"], manifest["settings"]["scene"]["max_size"]) == (8, 20)


def test_a_run_folder_explains_itself(place):
    run = place / "saved_models/tiny"
    names = {"model.keras", "model.json", "history.csv", "config.json", "curves.png", "samples.png"}
    assert names <= folder_names(run)
    for picture in ("curves.png", "samples.png"):
        check_picture(run / picture)
    card = json.loads((run / "model.json").read_text())
    assert card["sha256"] == digest(run / "model.keras")
    assert card["architecture"] == {"name": "unet", "settings": {"widths": [4, 4]}}
    assert 0 < card["threshold"] < 1
    assert 0 <= card["scores"]["iou"] <= 1
    assert card["scores"]["split"] == "val"
    assert card["data"]["images"] == 12  # of train and val
    assert {"shapeseg", "keras", "numpy", "python", keras.backend.backend()} <= set(card["versions"])
    for word in ("train.py", "--data data/tiny", "--epochs 1", "--widths 4 4"):
        assert word in card["command"]
    config = json.loads((run / "config.json").read_text())
    assert config["data"] == "data/tiny"
    assert config["widths"] == [4, 4]
    assert "epochs" in json.dumps(config)
    assert [row["epoch"] for row in table_of(run / "history.csv")] == ["1"]


def test_the_report_holds_the_scores_and_their_origin(place):
    report, run, data = place / "reports/tiny", place / "saved_models/tiny", place / "data/tiny"
    assert {"metrics.json", "per_image.csv"} <= folder_names(report)
    pictures = [name for name in folder_names(report) if name.endswith(".png")]
    assert pictures
    for picture in pictures:
        check_picture(report / picture)
    metrics = json.loads((report / "metrics.json").read_text())
    for name in (
        "iou",
        "dice",
        "precision",
        "recall",
        "iou_per_image_mean",
        "iou_per_image_median",
        "iou_per_image_worst5",
    ):
        assert metrics[name] is None or 0 <= metrics[name] <= 1
    assert metrics["model_sha256"] == digest(run / "model.keras")
    assert metrics["threshold"] == json.loads((run / "model.json").read_text())["threshold"]
    assert metrics["dataset_sha256"] == json.loads((run / "model.json").read_text())["data"]["sha256"]
    assert len(metrics["dataset_sha256"]) == 64
    assert metrics["images"] == len([row for row in rows_of(data) if row["split"] == "test"])


def test_the_table_per_image_adds_up_to_the_scores(place):
    metrics = json.loads((place / "reports/tiny/metrics.json").read_text())
    table = table_of(place / "reports/tiny/per_image.csv")
    expected = [row["image_id"] for row in rows_of(place / "data/tiny") if row["split"] == "test"]
    assert [row["image_id"] for row in table] == expected
    both, missed, invented = (sum(int(row[name]) for row in table) for name in ("both", "missed", "invented"))
    assert metrics["iou"] == pytest.approx(both / (both + missed + invented))
    assert metrics["dice"] == pytest.approx(2 * both / (2 * both + missed + invented))
    assert metrics["recall"] == pytest.approx(both / (both + missed))
    assert metrics["iou_per_image_mean"] == pytest.approx(np.mean([float(row["iou"]) for row in table]))


def test_the_score_is_the_one_that_the_model_earns(place):
    """Measured a second way: truth drawn from the metadata, the model asked by plain predict."""
    model = shapeseg.load_model(place / "saved_models/tiny/model.keras")
    card = read_card(place / "saved_models/tiny/model.keras")
    rows = [row for row in rows_of(place / "data/tiny") if row["split"] == "test"]
    truths = np.stack([render_again(row).targets["visible"] for row in rows])
    images = np.stack([render_again(row).image for row in rows])
    predicted = model.predict(images, verbose=0)[..., 0] >= card.threshold
    iou = (truths & predicted).sum() / (truths | predicted).sum()
    metrics = json.loads((place / "reports/tiny/metrics.json").read_text())
    assert metrics["iou"] == pytest.approx(iou, abs=1e-3)


def test_the_results_are_printed_and_say_where_they_are(place):
    text = (place / "stdout").read_text()
    for word in ("data/tiny", "saved_models/tiny", "reports/tiny", "iou", "20 images"):
        assert word in text


def test_both_spellings_of_a_flag_and_the_other_entry_draw_the_same(place):
    spelt = ["--" + word[2:].replace("-", "_") if isinstance(word, str) else word for word in SMALL]
    for name in ("_", "m"):
        start = [REPOSITORY / "generate_data.py"] if name == "_" else ["-m", "shapeseg", "generate"]
        flags = ("--out", f"data/{name}", "--num_images", 20, "--seed", 1, *spelt)
        succeed(run_python(*start, *flags, cwd=place, PYTHONPATH=REPOSITORY))
        assert (place / f"data/{name}/metadata.jsonl").read_bytes() == (place / "data/tiny/metadata.jsonl").read_bytes()


def test_the_default_dataset_is_made_and_runs_are_numbered(tmp_path, small_dataset):
    first = succeed(run_script("train.py", "--epochs", 1, "--widths", 2, "--batch-size", 8, cwd=tmp_path))
    assert "there is no data/shapes yet" in first.stdout
    assert "1000 images" in first.stdout
    assert len(rows_of(tmp_path / "data/shapes")) == 1000
    assert folder_names(tmp_path / "saved_models") == {"unet-1"}
    # The second run takes the next name; its batch may be larger than its data.
    second = succeed(run_script("train.py", "--data", small_dataset, *TINY, "--batch-size", 1000, cwd=tmp_path))
    assert "there is no data/shapes yet" not in second.stdout
    assert folder_names(tmp_path / "saved_models") == {"unet-1", "unet-2"}
    assert "saved_models/unet-2" in second.stdout
    assert len(table_of(tmp_path / "saved_models/unet-2/history.csv")) == 1
    # Without arguments the newest run is measured on the default dataset, all of its test split.
    succeed(run_script("evaluate.py", cwd=tmp_path))
    metrics = json.loads((tmp_path / "reports/unet-2/metrics.json").read_text())
    assert metrics["images"] == 90
    assert metrics["model_sha256"] == digest(tmp_path / "saved_models/unet-2/model.keras")


def test_training_goes_on_from_a_saved_model(place, tmp_path):
    start = place / "saved_models/tiny/model.keras"
    still = ("--epochs", 1, "--learning-rate", 1e-12)
    succeed(run_script("train.py", "--data", place / "data/tiny", "--init-from", start, *still, "--out", "on", cwd=tmp_path))
    assert read_card(tmp_path / "on/model.keras").architecture == read_card(start).architecture
    before, after = (shapeseg.load_model(path) for path in (start, tmp_path / "on/model.keras"))
    for old, new in zip(before.trainable_weights, after.trainable_weights, strict=True):
        old, new = (keras.ops.convert_to_numpy(weight) for weight in (old, new))
        assert np.abs(old - new).max() <= 1e-6, "a step of 1e-12 moves nothing"


def test_a_run_is_repeated_from_its_config(place, tmp_path):
    config = place / "saved_models/tiny/config.json"
    succeed(run_script("train.py", "--config", config, "--data", place / "data/tiny", "--out", "again", cwd=tmp_path))
    first, again = (table_of(folder / "history.csv") for folder in (place / "saved_models/tiny", tmp_path / "again"))
    for name, value in first[0].items():
        assert float(again[0][name]) == pytest.approx(float(value), rel=1e-3, abs=1e-6)


def test_a_split_and_a_threshold_can_be_named_and_a_report_is_renewed(place, tmp_path):
    report = shutil.copytree(place / "reports/tiny", tmp_path / "report")
    model = place / "saved_models/tiny/model.keras"
    flags = ("--data", place / "data/tiny", "--split", "all", "--threshold", 0.9, "--out", report)
    succeed(run_script("evaluate.py", model, *flags, cwd=tmp_path))
    metrics = json.loads((report / "metrics.json").read_text())
    assert (metrics["split"], metrics["threshold"], metrics["images"]) == ("all", 0.9, 20)
    assert [row["image_id"] for row in table_of(report / "per_image.csv")] == [f"{index:06d}" for index in range(20)]


def test_images_of_a_size_that_training_refuses_can_be_measured(place, tmp_path):
    flags = ("--width", 45, "--height", 50, "--min-size", 8, "--max-size", 20, "--num-images", 10)
    succeed(run_script("generate_data.py", "--out", "odd", *flags, cwd=tmp_path))
    model = place / "saved_models/tiny/model.keras"
    succeed(run_script("evaluate.py", model, "--data", "odd", "--split", "all", "--out", "report", cwd=tmp_path))
    assert json.loads((tmp_path / "report/metrics.json").read_text())["images"] == 10


def test_images_of_many_sizes_are_learned_from_one_by_one(place, tmp_path):
    for number, width in enumerate((48, 64)):
        flags = ("--width", width, "--height", 64, "--min-size", 8, "--max-size", 20, "--num-images", 10, "--seed", number)
        succeed(run_script("generate_data.py", "--out", f"data-{width}", *flags, cwd=tmp_path))
    succeed(run_python("-m", "shapeseg", "merge", "data-48", "data-64", "--out", "both", cwd=tmp_path))
    flags = ("--data", "both", "--batch-size", 1, "--epochs", 1, "--widths", 4, 4, "--out", "run")
    succeed(run_script("train.py", *flags, cwd=tmp_path))
    val = Dataset(tmp_path / "both").split("val")
    assert {row["width"] for row in val.rows} == {48, 64}
    assert json.loads((tmp_path / "run/model.json").read_text())["scores"]["images"] == len(val)


def test_a_model_named_from_its_own_folder_gets_a_report_of_its_name(place, tmp_path):
    shutil.copytree(place / "saved_models/tiny", tmp_path / "mine")
    flags = ("model.keras", "--data", place / "data/tiny", "--split", "all")
    succeed(run_script("evaluate.py", *flags, cwd=tmp_path / "mine"))
    assert (tmp_path / "mine/reports/mine/metrics.json").exists()


@pytest.mark.parametrize(
    ("program", "start"),
    [("/x/train.py", "python train.py"), ("/x/shapeseg/__main__.py", "python -m shapeseg"), ("/x/bin/shapeseg", "shapeseg")],
)
def test_the_command_of_a_card_can_be_pasted(program, start, monkeypatch):
    monkeypatch.setattr("sys.argv", [program, "--out", "a b"])
    assert command_line() == f"{start} --out 'a b'"


def test_a_model_of_whole_rectangles_is_not_measured_where_they_are_unknown(place, tmp_path):
    flags = ("--data", place / "data/tiny", "--target", "amodal", *TINY, "--out", "run")
    succeed(run_script("train.py", *flags, cwd=tmp_path))
    for name in ("images", "masks"):
        shutil.copytree(place / "data/tiny" / name, tmp_path / "plain" / name)
    result = run_script("evaluate.py", "run/model.keras", "--data", "plain", "--split", "all", cwd=tmp_path)
    assert result.returncode == 3
    assert "whole rectangles" in error_line(result.stderr)


def test_a_model_trained_in_another_precision_is_described_as_it_is_saved(place, tmp_path):
    flags = ("--data", place / "data/tiny", "--precision", "bfloat16", *TINY, "--out", "run")
    succeed(run_script("train.py", *flags, cwd=tmp_path))
    succeed(run_python("-m", "shapeseg", "doctor", "run/model.keras", cwd=tmp_path))


def test_a_batch_of_one_pixel_a_channel_is_learned_from(tmp_path):
    flags = ("--width", 16, "--height", 16, "--min-size", 4, "--max-size", 8, "--num-images", 10)
    succeed(run_script("generate_data.py", "--out", "data", *flags, cwd=tmp_path))
    flags = ("--data", "data", "--widths", *[4] * 4, "--batch-size", 1, "--epochs", 1, "--out", "run")
    succeed(run_script("train.py", *flags, cwd=tmp_path))
