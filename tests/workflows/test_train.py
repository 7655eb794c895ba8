"""``train`` with the words of a command line: what it starts from, what it learns from, and where its run goes."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, digest, error_line, folder_names, rows_of, succeed, table_of
from runs_here import run_here

import shapeseg
from shapeseg.datasets import Dataset
from shapeseg.datasets.image_digest import image_digest
from shapeseg.evaluation.ceiling import Ceiling
from shapeseg.evaluation.threshold import CANDIDATES
from shapeseg.models import read_card

TINY = ("--epochs", 1, "--widths", 4, 4)


@pytest.mark.slow
def test_the_default_dataset_is_made_and_runs_are_numbered(tmp_path, small_dataset):
    first = succeed(run_here("train", "--epochs", 1, "--widths", 2, "--batch-size", 8, cwd=tmp_path))
    assert "there is no data/shapes yet" in first.stdout
    assert "1000 images" in first.stdout
    assert len(rows_of(tmp_path / "data/shapes")) == 1000
    assert folder_names(tmp_path / "saved_models") == {"unet-1"}
    # The second run takes the next name; its batch may be larger than its data.
    second = succeed(run_here("train", "--data", small_dataset, *TINY, "--batch-size", 1000, cwd=tmp_path))
    assert "there is no data/shapes yet" not in second.stdout
    assert folder_names(tmp_path / "saved_models") == {"unet-1", "unet-2"}
    assert "saved_models/unet-2" in second.stdout
    assert len(table_of(tmp_path / "saved_models/unet-2/history.csv")) == 1
    # Without arguments the newest run is measured on the test split of what it learned from.
    succeed(run_here("evaluate", cwd=tmp_path))
    metrics = json.loads((tmp_path / "reports/unet-2/metrics.json").read_text())
    assert metrics["dataset"] == str(small_dataset)
    assert metrics["model_sha256"] == digest(tmp_path / "saved_models/unet-2/model.keras")


def test_training_goes_on_from_a_saved_model(small_dataset, tiny_run, tmp_path):
    start = tiny_run / "model.keras"
    still = ("--epochs", 1, "--learning-rate", 1e-12)
    succeed(run_here("train", "--data", small_dataset, "--init-from", start, *still, "--out", "on", cwd=tmp_path))
    assert read_card(tmp_path / "on/model.keras").architecture == read_card(start).architecture
    before, after = (shapeseg.load_model(path) for path in (start, tmp_path / "on/model.keras"))
    for old, new in zip(before.trainable_weights, after.trainable_weights, strict=True):
        old, new = (keras.ops.convert_to_numpy(weight) for weight in (old, new))
        assert np.abs(old - new).max() <= 1e-6, "a step of 1e-12 moves nothing"


def test_a_run_keeps_which_images_it_learned_from(small_dataset, tiny_run, tmp_path):
    def of(data):
        return {image_digest(sample.image).hex() for sample in data.split("train")}

    learned = (tiny_run / "train_images.txt").read_text().splitlines()
    assert len(learned) == len(set(learned)) == len(Dataset(small_dataset).split("train"))
    assert set(learned) == of(Dataset(small_dataset))
    scene = ("--width", 64, "--height", 64, "--min-size", 8, "--max-size", 16)
    succeed(run_here("generate", "--out", "more", "--num-images", 12, "--seed", 77, *scene, cwd=tmp_path))
    flags = ("--data", "more", "--train-images", 4, "--init-from", tiny_run / "model.keras", "--epochs", 1, "--out", "on")
    succeed(run_here("train", *flags, cwd=tmp_path))
    on = (tmp_path / "on/train_images.txt").read_text().splitlines()
    assert len(on) == len(learned) + 4
    assert set(learned) < set(on) < set(learned) | of(Dataset(tmp_path / "more"))


def test_the_threshold_in_the_card_is_the_best_of_the_whole_val_split(small_dataset, tiny_run):
    val = Dataset(small_dataset).split("val")
    model, card = shapeseg.load_model(tiny_run / "model.keras"), read_card(tiny_run / "model.keras")
    probability = model.predict(np.stack([sample.image for sample in val]), verbose=0)[..., 0]
    truth = np.stack([sample.mask != 0 for sample in val])

    def iou(threshold):
        predicted = probability >= np.float32(threshold)
        return (truth & predicted).sum() / (truth | predicted).sum()

    assert len(val) > 1
    assert iou(card.threshold) == pytest.approx(max(map(iou, CANDIDATES)), abs=1e-6)
    assert card.scores["iou"] == pytest.approx(iou(card.threshold), abs=1e-6)


def test_a_run_is_repeated_from_its_config(small_dataset, tiny_run, tmp_path):
    config = tiny_run / "config.json"
    succeed(run_here("train", "--config", config, "--data", small_dataset, "--out", "again", cwd=tmp_path))
    first, again = (table_of(folder / "history.csv") for folder in (tiny_run, tmp_path / "again"))
    for name, value in first[0].items():
        assert float(again[0][name]) == pytest.approx(float(value), rel=1e-3, abs=1e-6)


def test_images_of_many_sizes_are_learned_from_one_by_one(tmp_path):
    for number, width in enumerate((48, 64)):
        flags = ("--width", width, "--height", 64, "--min-size", 8, "--max-size", 20, "--num-images", 10, "--seed", number)
        succeed(run_here("generate", "--out", f"data-{width}", *flags, cwd=tmp_path))
    succeed(run_here("merge", "data-48", "data-64", "--out", "both", cwd=tmp_path))
    flags = ("--data", "both", "--batch-size", 1, "--epochs", 1, "--widths", 4, 4, "--out", "run")
    succeed(run_here("train", *flags, cwd=tmp_path))
    val = Dataset(tmp_path / "both").split("val")
    assert {row["width"] for row in val.rows} == {48, 64}
    assert json.loads((tmp_path / "run/model.json").read_text())["scores"]["images"] == len(val)


@pytest.fixture(scope="module")
def without_rule(small_dataset, tmp_path_factory):
    """The images and masks of a dataset, without its recipes."""
    folder = tmp_path_factory.mktemp("plain") / "d"
    succeed(run_here("convert", small_dataset, "--to", "folder", "--out", folder, cwd=folder.parent))
    return folder


def test_exact_probabilities_are_learned_and_curves_show_them(small_dataset, tmp_path):
    flags = ("--data", small_dataset, *TINY, "--epochs", 2, "--loss", "bce+decidable-dice")
    told = {}
    for ambiguous in ("exclude", "hard", "exact"):
        words = (*flags, "--ambiguous", ambiguous, *(() if ambiguous == "exclude" else ("--ambiguous-weight", 3)))
        told[ambiguous] = succeed(run_here("train", *words, "--out", ambiguous, cwd=tmp_path)).stdout
        assert "ambiguous" not in told[ambiguous]  # all is known, so that nothing is said
    runs = {ambiguous: shapeseg.Run(tmp_path / ambiguous).history for ambiguous in told}
    floors = {row["val_log_loss_floor"] for rows in runs.values() for row in rows}
    assert len(floors) == 1  # of val alone
    assert all(row["val_log_loss"] > row["val_log_loss_floor"] > 0.3 for rows in runs.values() for row in rows)
    assert len({rows[-1]["val_log_loss"] for rows in runs.values()}) == 3
    assert [ambiguous for ambiguous, rows in runs.items() if "log_loss" in rows[-1]] == ["exact"]
    assert read_card(tmp_path / "exact/model.keras").scores["split"] == "val"


def test_unasked_probabilities_are_learned_where_they_are_known(without_rule, small_dataset, tmp_path):
    limited = tmp_path / "limited"
    succeed(run_here("filter", small_dataset, "--max-occlusion", 0.9, "--out", limited, cwd=tmp_path))
    sets = {"natural": (small_dataset, TINY), "limited": (limited, TINY), "plain": (without_rule, TINY)}
    sets["limited, nothing pasted"] = (limited, (*TINY, "--augmentation", "turn"))
    told, learned = {}, {}
    for name, (data, flags) in sets.items():
        told[name] = succeed(run_here("train", "--data", data, *flags, "--out", f"run, {name}", cwd=tmp_path)).stdout
        settings = json.loads((tmp_path / f"run, {name}/config.json").read_text())["training"]
        learned[name] = (settings["loss"], settings["ambiguous"], settings["ambiguous_weight"])
    exact, without = ("bce", "exact", 4.0), ("bce+dice", "exclude", 1.0)
    assert learned == {"natural": exact, "limited": without, "plain": without, "limited, nothing pasted": exact}
    assert "a pasted shape changes the probabilities" in told["limited"]
    assert "ambiguous" not in told["natural"] + told["plain"] + told["limited, nothing pasted"]


def test_without_a_rule_nothing_is_left_out_and_nothing_learned_exactly(without_rule, small_dataset, tmp_path):
    flags = ("--data", without_rule, *TINY)
    left_out = succeed(run_here("train", *flags, "--ambiguous", "exclude", "--out", "exclude", cwd=tmp_path)).stdout
    assert left_out.count("no pixel is excluded as ambiguous") == 1
    assert "ambiguous" not in succeed(run_here("train", *flags, "--ambiguous", "hard", "--out", "hard", cwd=tmp_path)).stdout
    weights = [shapeseg.load_model(tmp_path / name).get_weights() for name in ("exclude", "hard")]
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))
    for data in (("--data", without_rule), ("--data", small_dataset, "--val-data", without_rule)):
        exact = run_here("train", *data, *TINY, "--ambiguous", "exact", "--out", "exact", cwd=tmp_path)
        assert exact.returncode == 2
        assert "Received: ambiguous=exact, data without a rule. Use --ambiguous exclude or hard" in error_line(exact.stderr)
    assert not (tmp_path / "exact").exists()


def test_of_whole_rectangles_no_pixel_is_ambiguous(small_dataset, tmp_path):
    runs = {}
    for ambiguous in ("exclude", "exact"):
        words = ("--data", small_dataset, *TINY, "--target", "amodal", "--ambiguous", ambiguous, "--out", ambiguous)
        told = succeed(run_here("train", *words, cwd=tmp_path)).stdout
        assert told.count("--ambiguous exact changes nothing") == (ambiguous == "exact")
        runs[ambiguous] = shapeseg.Run(tmp_path / ambiguous).history
    assert runs["exclude"] == runs["exact"]
    assert "val_log_loss" not in runs["exact"][-1]


def test_a_model_trained_in_another_precision_is_described_as_it_is_saved(small_dataset, tmp_path):
    flags = ("--data", small_dataset, "--precision", "bfloat16", *TINY)
    before = keras.config.dtype_policy().name
    succeed(run_here("train", *flags, "--out", "run", cwd=tmp_path))
    assert keras.config.dtype_policy().name == before
    succeed(run_here("doctor", "run/model.keras", cwd=tmp_path))
    succeed(run_here("train", *flags, "--init-from", "run/model.keras", "--out", "further", cwd=tmp_path))
    succeed(run_here("doctor", "further/model.keras", cwd=tmp_path))


def test_a_batch_of_one_pixel_a_channel_is_learned_from(tmp_path):
    flags = ("--width", 16, "--height", 16, "--min-size", 4, "--max-size", 8, "--num-images", 10)
    succeed(run_here("generate", "--out", "data", *flags, cwd=tmp_path))
    flags = ("--data", "data", "--widths", *[4] * 4, "--batch-size", 1, "--epochs", 1, "--out", "run")
    succeed(run_here("train", *flags, cwd=tmp_path))


def test_a_finished_run_is_never_trained_further_without_a_word(tiny_run, tmp_path):
    shutil.copytree(tiny_run, tmp_path / "run")
    resume = ("train", "--data", "nowhere", "--out", "run", "--resume")
    for words in (resume, (*resume, "--epochs", 1)):
        assert "nothing to do" in succeed(run_here(*words, cwd=tmp_path)).stdout
    more = run_here(*resume, "--epochs", 3, cwd=tmp_path)
    assert more.returncode == 2
    assert "--init-from run/model.keras" in error_line(more.stderr)
    for content in ("{}", "[]", '{"training": {"epochs": "many"}}'):
        (tmp_path / "run/config.json").write_text(content)
        unknown = run_here(*resume, cwd=tmp_path)
        assert unknown.returncode == 3
        assert error_line(unknown.stderr)
    assert folder_names(tmp_path / "run") == folder_names(tiny_run)


@pytest.mark.process
def test_runs_that_begin_together_take_a_number_each(small_dataset, tmp_path):
    command = [sys.executable, str(REPOSITORY / "train.py"), "--data", str(small_dataset), *map(str, TINY)]
    trainings = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [training.wait() for training in trainings] == [0, 0, 0]
    assert folder_names(tmp_path / "saved_models") == {"unet-1", "unet-2", "unet-3"}
    for run in (tmp_path / "saved_models").iterdir():
        assert digest(run / "model.keras") == json.loads((run / "model.json").read_text())["sha256"]


@pytest.mark.parametrize("change", [{"scores": {"holdout": []}}, {"data": {"folder": 5}}, {"versions": {"": "1"}}], ids=str)
def test_a_card_with_a_wrong_value_is_one_line_whatever_is_asked(change, small_dataset, tiny_run, tmp_path):
    shutil.copytree(tiny_run, tmp_path / "run")
    card, model = tmp_path / "run/model.json", "run/model.keras"
    card.write_text(json.dumps(json.loads(card.read_text()) | change))
    for words in (
        ("evaluate", model, "--data", small_dataset),
        ("evaluate", model, "--data", small_dataset, "--ship"),
        ("predict", model, small_dataset / "images"),
        ("export", model, "--format", "torch"),
        ("train", "--data", small_dataset, "--init-from", model),
    ):
        result = run_here(*words, cwd=tmp_path)
        assert result.returncode == 6
        assert "card" in error_line(result.stderr)
    assert run_here("doctor", model, cwd=tmp_path).returncode == 1
    assert folder_names(tmp_path) == {"run"}


def test_curves_are_drawn_at_the_end_of_every_epoch_under_the_ceiling_of_val(small_dataset, tmp_path):
    seen = []

    def look(epoch, logs):
        seen.append((len(table_of(tmp_path / "run/history.csv")), digest(tmp_path / "run/curves.png")))

    watcher = keras.callbacks.LambdaCallback(on_epoch_end=look)
    run = shapeseg.train(data=small_dataset, out=tmp_path / "run", epochs=3, widths=(2, 2), callbacks=[watcher])
    rows, pictures = zip(*seen, strict=True)
    assert rows == (1, 2, 3)
    assert len(set(pictures)) == 3
    ceiling = Ceiling()
    val = Dataset(small_dataset).split("val")
    for place in range(len(val)):
        ceiling.add(val.scene(place).render())
    assert read_card(run.folder / "model.keras").scores["iou_ceiling"] == ceiling.iou()


def test_of_photographs_no_ceiling_is_known(small_dataset, tmp_path):
    for name in ("images", "masks"):
        shutil.copytree(small_dataset / name, tmp_path / "photos" / name)
    run = shapeseg.train(data=tmp_path / "photos", out=tmp_path / "run", epochs=1, widths=(2, 2))
    assert read_card(run.folder / "model.keras").scores["iou_ceiling"] is None
