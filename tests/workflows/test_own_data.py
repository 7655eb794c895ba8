"""A folder of one's own trains, is measured and keeps its splits, by what its masks mean."""

import json
import shutil

import numpy as np
import pytest
from command_runs import error_line, succeed
from own_photos import draw, draw_all
from PIL import Image
from runs_here import run_here

from shapeseg.datasets.own_splits import kept_splits
from shapeseg.models import read_card

TRAIN = ("train", "--widths", 4, 8, "--epochs", 1)


@pytest.fixture
def photos(tmp_path):
    return draw_all(tmp_path / "photos")


def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


def test_what_a_training_was_told_its_evaluation_knows(photos):
    where = photos.parent
    said = ("--target-values", 1, "--void-value", 255, "--target-name", "box")
    result = succeed(run_here(*TRAIN, "--data", "photos", *said, "--out", "run", cwd=where))
    assert "note: photos: 12 names pair once nothing is cut from images and _mask from masks" in result.stderr
    card = read_card(where / "run/model.keras")
    own = card.trained_on.own
    assert (own.target_values, own.void_value, own.target_name) == ((1,), 255, "box")
    result = succeed(run_here("evaluate", "run", "--split", "train", "--out", "report", cwd=where))
    assert "has changed" not in result.stderr
    found = metrics(where / "report")
    train = [image for image, split in kept_splits(where / "run/splits.csv").items() if split == "train"]
    assert found["trained_on"] == found["images"] == len(train)
    assert found["dataset_sha256"] == card.data["sha256"]
    for words, pixels in (((), 32 * 32 - 16), (("--void-value", 7), 32 * 32)):
        succeed(run_here("evaluate", "run", "--split", "train", *words, "--out", "again", cwd=where))
        assert metrics(where / "again")["calibration"]["all"]["pixels"] == len(train) * pixels


def test_an_image_that_was_learned_from_stays_so_when_more_come(photos):
    where = photos.parent
    for path in [*photos.glob("*/p0[4-9]*"), *photos.glob("*/p1*")]:
        path.unlink()
    result = succeed(run_here(*TRAIN, "--data", "photos", "--out", "run", cwd=where))
    assert "takes the nearest" in result.stderr
    before = kept_splits(where / "run/splits.csv")
    assert set(before.values()) >= {"train", "val", "test"}
    for number in range(20, 60):
        draw(photos, f"p{number}", number)
    result = succeed(run_here("evaluate", "run", "--out", "report", cwd=where))
    assert "photos has changed since the model was trained on it" in result.stderr
    assert metrics(where / "report")["trained_on"] == 0
    result = succeed(run_here("evaluate", "run", "--split", "train", "--out", "report", cwd=where))
    assert metrics(where / "report")["trained_on"] == sum(split == "train" for split in before.values())


def test_masks_of_one_class_are_refused_before_training(photos):
    for path in (photos / "masks").iterdir():
        Image.fromarray(np.asarray(Image.open(path)) // 255 * 0 + 3).save(path)
    result = run_here(*TRAIN, "--data", "photos", "--target-name", "box", "--out", "run", cwd=photos.parent)
    assert result.returncode == 3
    assert "every pixel is box in" in result.stderr
    assert "the values 3" in result.stderr
    assert not (photos.parent / "run").exists()


def test_val_data_is_a_whole_folder_and_means_what_the_data_mean(photos):
    where = photos.parent
    for number in range(3):
        draw(where / "more", f"q{number}", 100 + number)
    (photos / "shapeseg.json").write_text('{"target_values": [1], "void_value": 255}')
    succeed(run_here(*TRAIN, "--data", "photos", "--val-data", "more", "--out", "run", cwd=where))
    card = read_card(where / "run/model.keras")
    assert card.scores["images"] == 3
    result = succeed(run_here("evaluate", "run", "--out", "report", cwd=where))
    assert "has changed" not in result.stderr
    (where / "more/splits.csv").write_text("image,split\nq0,val\nq1,train\nq2,train\n")
    succeed(run_here(*TRAIN, "--data", "photos", "--val-data", "more", "--out", "other", cwd=where))
    assert read_card(where / "other/model.keras").scores["images"] == 1


def test_a_run_resumes_on_its_own_data_and_refuses_others(photos):
    where = photos.parent
    words = (*TRAIN, "--data", "photos", "--target-values", 1, "--out", "run")
    succeed(run_here(*words, cwd=where))
    assert "nothing to do" in succeed(run_here(*words, "--resume", cwd=where)).stdout


def test_advice_can_be_followed(photos):
    where = photos.parent
    shutil.copytree(photos, where / "more")
    assert "no dataset.json" in error_line(run_here("append", "photos", "--num-images", 3, cwd=where).stderr)
    assert "Put images of your own into one folder" in run_here("merge", "photos", "more", "--out", "both", cwd=where).stderr
    (photos / "masks").rename(photos / "labels")
    line = error_line(run_here(*TRAIN, "--data", "photos", "--out", "run", cwd=where).stderr)
    assert "images/ and masks/" in line
