"""generate, train and evaluate, as a user types them: three processes."""

import json

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, SMALL, digest, folder_names, rows_of, run_python, run_script, succeed, table_of
from independent_rendering import render_again
from PIL import Image

import shapeseg
from shapeseg.models import read_card

TINY = ("--epochs", 1, "--widths", 4, 4)

pytestmark = pytest.mark.process


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
