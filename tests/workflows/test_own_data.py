"""A folder of one's own trains, is measured and keeps its splits, by what its masks mean."""

import json
import re
import shutil

import keras
import numpy as np
import pytest
from command_runs import error_line, succeed, table_of
from own_photos import draw, draw_all
from PIL import Image
from runs_here import run_here

import shapeseg
from shapeseg.datasets import Dataset, windows
from shapeseg.datasets.own_splits import kept_splits
from shapeseg.datasets.sizes import Sizes
from shapeseg.inference.opened_model import open_model
from shapeseg.inference.predictor import probabilities
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


@pytest.mark.parametrize("same", ["photos/../photos", "link"])
def test_the_folder_itself_is_no_other_one_however_it_is_named(same, photos):
    """Else what is learned from would be validated on, too, and what is measured would be split anew."""
    where = photos.parent
    (where / "link").symlink_to(photos)
    succeed(run_here(*TRAIN, "--data", "photos", *SAID, "--val-data", same, "--out", "run", cwd=where))
    kept = kept_splits(where / "run/splits.csv")
    assert read_card(where / "run/model.keras").scores["images"] == sum(split == "val" for split in kept.values())
    (moved,) = [image for image in sorted(kept) if kept[image] == "train"][:1]
    lines = [f"{image},{'test' if image == moved else split}" for image, split in kept.items()]
    (where / "run/splits.csv").write_text("\n".join(["image,split", *lines]))
    succeed(run_here("evaluate", "run", "--data", same, "--out", "report", cwd=where))
    assert metrics(where / "report")["trained_on"] == 1


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


# Sizes.


@pytest.fixture
def mixed(tmp_path):
    """Landscapes, portraits and squares."""
    for number, size in enumerate([(48, 32), (32, 48), (40, 40), (64, 24), (24, 60), (33, 35)] * 2):
        draw(tmp_path / "mixed", f"m{number:02}", number, size=size)
    return tmp_path / "mixed"


SAID = ("--target-values", 1, "--void-value", 255)


def test_images_of_any_sizes_share_batches_and_are_measured_at_their_own(mixed):
    where = mixed.parent
    result = succeed(run_here(*TRAIN, "--data", "mixed", *SAID, "--epoch-images", 16, "--out", "run", cwd=where))
    assert "sizes     images of up to 40 x 40, whole (--crop 0 --resize 0)" in result.stdout
    assert "images shown 16 times an epoch" in result.stdout
    succeed(run_here("evaluate", "run", "--split", "all", "--out", "report", cwd=where))
    pixels = 2 * sum(width * height - 16 for width, height in [(48, 32), (32, 48), (40, 40), (64, 24), (24, 60), (33, 35)])
    assert metrics(where / "report")["calibration"]["all"]["pixels"] == pixels


def test_a_model_that_was_trained_on_scaled_images_is_used_on_scaled_images(mixed):
    where = mixed.parent
    sizes = ("--resize", 32, "--crop", 16)
    result = succeed(run_here(*TRAIN, "--data", "mixed", *SAID, *sizes, "--epoch-images", 16, "--out", "run", cwd=where))
    assert "scaled to 32 along the longer side (--resize 32), trained on in patches of 16 x 16 (--crop 16)" in result.stdout
    assert read_card(where / "run/model.keras").trained_on.resize == 32
    model = open_model(where / "run")
    image = Dataset(mixed)[3].image
    scaled = Sizes(resize=32).scaled(image)
    expected = Sizes().restored(probabilities(model.predictor, scaled[None], stride=model.stride)[0], *image.shape[:2])
    assert np.array_equal(model.probabilities(image[None])[0], expected)
    succeed(run_here("predict", "run", "mixed/images", "--out", "predicted", cwd=where))
    for path in (mixed / "images").iterdir():
        with Image.open(path) as source, Image.open(where / f"predicted/{path.stem}_mask.png") as mask:
            assert mask.size == source.size
    found = np.asarray(Image.open(where / "predicted/m03_mask.png")) != 0
    assert np.array_equal(found, expected >= model.threshold)


def test_a_run_on_patches_that_is_interrupted_goes_on_as_if_it_had_not_been(mixed):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    flags = {"data": mixed, "target_values": [1], "void_value": 255, "crop": 16, "epochs": 3, "epoch_images": 16}
    flags |= {"widths": [4, 8], "augmentation": ["flip", "light", "scale"]}
    whole = shapeseg.train(**flags, out=mixed.parent / "whole", callbacks=[keras.callbacks.Callback()])
    with pytest.raises(KeyboardInterrupt):
        shapeseg.train(**flags, out=mixed.parent / "part", callbacks=[Interrupt()])
    part = shapeseg.train(**flags, out=mixed.parent / "part", resume=True, callbacks=[keras.callbacks.Callback()])
    assert part.history == whole.history
    for one, other in zip(whole.model.get_weights(), part.model.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_large_images_are_validated_window_by_window(mixed, monkeypatch):
    """The score of an epoch is that of the whole images, but for what a window's edge shows."""
    monkeypatch.setattr(windows, "MAX_PIXELS", 40 * 40)
    monkeypatch.setattr(windows, "WINDOW", 40)
    monkeypatch.setattr(windows, "_MARGIN", 16)
    flags = {"data": mixed, "target_values": [1], "void_value": 255, "epochs": 1, "epoch_images": 16, "widths": [4, 8]}
    run = shapeseg.train(**flags, out=mixed.parent / "windows")
    monkeypatch.undo()
    whole = shapeseg.train(**flags, out=mixed.parent / "whole")
    assert run.history[0]["val_iou"] == pytest.approx(whole.history[0]["val_iou"], abs=0.02)


def test_what_people_see_names_their_target_and_their_files(photos):
    where = photos.parent
    said = ("--target-values", 1, "--void-value", 255, "--target-name", "tin box")
    result = succeed(run_here(*TRAIN, "--data", "photos", *said, "--out", "run", cwd=where))
    assert "unknown" not in result.stdout
    assert "ambiguous" not in result.stdout
    result = succeed(run_here("evaluate", "run", "--split", "all", "--out", "report", cwd=where))
    assert re.search(r"^target +tin box$", result.stdout, re.M)
    assert "rectangle" not in result.stdout
    assert metrics(where / "report")["target_name"] == "tin box"
    page = (where / "report/report.html").read_text()
    words = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", " ", page, flags=re.S)
    assert "Tin box IoU" in words
    assert "probability of" in words
    assert "ectangle" not in words.replace("rectangles", "")
    names = {row["image_id"] for row in table_of(where / "report/per_image.csv")}
    assert names == {f"p{number:02}" for number in range(12)}
