"""``predict``: images of any kind in; a mask, an overlay and JSON for each out."""

import hashlib
import json
import os
import shutil
from functools import cache

import keras
import numpy as np
import pytest
from command_runs import error_line, folder_names, succeed
from PIL import Image
from runs_here import run_here

import shapeseg
from shapeseg.commands.predict import main
from shapeseg.inference.predictor import probabilities
from shapeseg.models import Architecture, Card, build, save_model

THRESHOLD = 0.45


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model with random weights, whose card asks for a threshold of its own."""
    keras.utils.set_random_seed(4)
    architecture = Architecture("unet", {"widths": [4, 6]})
    path = tmp_path_factory.mktemp("models") / "model.keras"
    save_model(build(architecture.name, architecture.settings), path, Card(architecture, threshold=THRESHOLD))
    return path


def noise(height, width, seed=0):
    coarse = np.random.Generator(np.random.PCG64(seed)).integers(0, 256, (-(-height // 6), -(-width // 6), 3), np.uint8)
    return coarse.repeat(6, axis=0).repeat(6, axis=1)[:height, :width]


def put(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@cache
def load(model):
    return shapeseg.load_model(model)


def expected_mask(model, pixels):
    return probabilities(load(model), pixels[None], stride=4)[0] >= THRESHOLD


def mask_of(out, name):
    with Image.open(out / f"{name}_mask.png") as image:
        assert image.mode == "L"
        values = np.asarray(image)
    assert set(np.unique(values)) <= {0, 255}
    return values != 0


def predict(*words):
    return main([str(word) for word in words], "shapeseg predict")


def test_files_and_folders_as_a_user_types_it(model, tmp_path):
    photo = put(tmp_path / "photo.jpg", noise(37, 50))
    put(tmp_path / "folder/one.png", noise(24, 24, 1))
    put(tmp_path / "folder/two.bmp", noise(24, 24, 2))
    (tmp_path / "folder/notes.txt").write_text("no image, and not named as one")
    words = ("predict", model, "photo.jpg", "folder", "--out", "out", "--device", "cpu")
    result = succeed(run_here(*words, cwd=tmp_path))
    assert result.stderr == ""
    assert "3 of 3 images" in result.stdout
    kinds = ("_mask.png", "_overlay.png", ".json")
    assert folder_names(tmp_path / "out") == {f"{name}{kind}" for name in ("photo", "one", "two") for kind in kinds}
    shown = np.asarray(Image.open(photo))
    mask = mask_of(tmp_path / "out", "photo")
    assert np.array_equal(mask, expected_mask(model, shown))
    assert 0 < mask.mean() < 1
    with Image.open(tmp_path / "out/photo_overlay.png") as overlay:
        assert np.array_equal(np.asarray(overlay)[mask], shown[mask])
    found = json.loads((tmp_path / "out/photo.json").read_text())
    assert found["source"] == "photo.jpg"
    assert (found["width"], found["height"], found["threshold"]) == (50, 37, THRESHOLD)
    assert found["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert sum(part["area"] for part in found["components"]) == mask.sum()
    for part in found["components"]:
        x, y, width, height = part["box"]
        assert mask[y : y + height, x : x + width].any(axis=0).all()
        assert THRESHOLD <= part["score"] <= 1


def test_one_bad_file_of_a_hundred_does_not_stop_the_rest(model, tmp_path, capsys):
    for number in range(99):
        put(tmp_path / f"in/{number:02d}.png", noise(8, 8, number))
    whole = (tmp_path / "in/50.png").read_bytes()
    (tmp_path / "in/bad.png").write_bytes(whole[: len(whole) // 2])
    assert predict(model, tmp_path / "in", "--out", tmp_path / "out") == 3
    told = capsys.readouterr()
    assert "99 of 100 images" in told.out
    assert "bad.png" in error_line(told.err)
    assert len(folder_names(tmp_path / "out")) == 3 * 99
    assert not [name for name in folder_names(tmp_path / "out") if name.startswith("bad")]


def test_a_link_is_followed_where_it_is_named_and_told_where_it_is_not(model, tmp_path, capsys):
    put(tmp_path / "photo.png", noise(8, 8))
    put(tmp_path / "in/b.png", noise(8, 8, 1))
    (tmp_path / "named.png").symlink_to("photo.png")
    for name, target in (("a.png", "b.png"), ("c.png", "nowhere"), ("d.png", "d.png")):
        (tmp_path / "in" / name).symlink_to(target)
    os.mkfifo(tmp_path / "in/e.png")
    assert predict(model, tmp_path / "named.png", tmp_path / "in", "--out", tmp_path / "out") == 3
    told = capsys.readouterr()
    assert "2 of 6 images" in told.out
    lines = told.err.splitlines()
    assert [f"in/{name}.png" in line for name, line in zip("acde", lines, strict=True)] == [True] * 4
    assert {"named.json", "b.json"} <= folder_names(tmp_path / "out")


def test_a_path_that_is_not_there_and_a_folder_without_images_are_listed(model, tmp_path, capsys):
    put(tmp_path / "a.png", noise(8, 8))
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / name for name in ("nowhere.png", "a.png", "empty")]
    assert predict(model, *paths, "--out", tmp_path / "out") == 3
    lines = capsys.readouterr().err.splitlines()
    assert ["nowhere.png" in lines[0], "empty" in lines[1], len(lines)] == [True, True, 2]
    assert folder_names(tmp_path / "out") == {"a_mask.png", "a_overlay.png", "a.json"}


def test_outputs_of_images_of_one_name_do_not_clash(model, tmp_path):
    images = {"x/a.png": 1, "x/A.jpg": 2, "y/a.png": 3, "x/b.png": 4, "a-png.bmp": 5}
    paths = [put(tmp_path / name, noise(8, 8, seed)) for name, seed in images.items()]
    out = tmp_path / "out"
    again = tmp_path / "y/../x"  # x/a.png and its like are named twice, and read once
    assert predict(model, *paths, again, "--out", out) == 0
    sources = {path.stem: json.loads(path.read_text())["source"] for path in out.glob("*.json")}
    names = {"a-png-2": 0, "A-jpg": 1, "a-png-3": 2, "b": 3, "a-png": 4}
    assert sources == {name: str(paths[place]) for name, place in names.items()}


def test_predictions_are_replaced_only_when_asked_and_images_never(model, tmp_path, capsys):
    image = put(tmp_path / "a.png", noise(8, 8))
    out = tmp_path / "out"
    assert predict(model, image, "--out", out) == 0
    (out / "a_mask.png").write_text("kept")
    assert predict(model, image, "--out", out) == 2
    assert "--overwrite" in error_line(capsys.readouterr().err)
    assert (out / "a_mask.png").read_text() == "kept"
    assert predict(model, image, "--out", out, "--overwrite") == 0
    assert mask_of(out, "a").shape == (8, 8)
    mine = put(tmp_path / "a_mask.png", noise(8, 8, 1))  # where the mask of a.png would go
    before = mine.read_bytes()
    assert predict(model, image, mine, "--out", tmp_path, "--overwrite") == 2
    assert "overwritten" in error_line(capsys.readouterr().err)
    assert mine.read_bytes() == before
    assert folder_names(tmp_path) == {"a.png", "a_mask.png", "out"}


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 90), (7, 5), (1100, 1000)])
def test_an_image_of_any_size_is_predicted_as_a_whole_one(height, width, model, tmp_path):
    pixels = noise(height, width)
    put(tmp_path / "a.png", pixels)
    assert predict(model, tmp_path / "a.png", "--out", tmp_path / "out") == 0
    given, probability = mask_of(tmp_path / "out", "a"), probabilities(load(model), pixels[None], stride=4)[0]
    sure = np.abs(probability - THRESHOLD) > 1e-5
    assert np.array_equal(given[sure], (probability >= THRESHOLD)[sure])
    assert sure.mean() > 0.999
    assert given.shape == (height, width)


def test_sizes_may_change_from_image_to_image_and_batches_do_not_matter(model, tmp_path):
    sizes = [(8, 8), (8, 8), (8, 9), (8, 8), (9, 8), (9, 8), (9, 8)]
    paths = [put(tmp_path / f"in/{number}.png", noise(*size, number)) for number, size in enumerate(sizes)]
    for batch_size in (1, 2, 16):
        out = tmp_path / f"out{batch_size}"
        assert predict(model, *paths, "--out", out, "--batch-size", batch_size) == 0
        for number, size in enumerate(sizes):
            assert np.array_equal(mask_of(out, number), expected_mask(model, noise(*size, number)))


def test_what_is_left_out_of_a_file_is_told(model, tmp_path, capsys):
    frames = [Image.fromarray(noise(8, 12, seed)) for seed in (0, 1)]
    exif = Image.Exif()
    exif[0x0112] = 6
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    Image.fromarray(noise(8, 12)).save(tmp_path / "turned.png", exif=exif)
    assert predict(model, tmp_path / "a.webp", tmp_path / "turned.png", "--out", tmp_path / "out") == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: ")
    assert "a.webp: only the first of its frames" in line
    assert json.loads((tmp_path / "out/a.json").read_text())["notes"] == ["only the first of its frames was read"]
    assert np.array_equal(mask_of(tmp_path / "out", "turned"), expected_mask(model, np.rot90(noise(8, 12), -1)))


def test_a_large_image_under_a_model_that_looks_everywhere_is_told(tmp_path, capsys):
    architecture = Architecture("deeplab_v3_plus", {"widths": [4, 4], "dilations": [1], "pyramid_width": 4})
    save_model(build(architecture.name, architecture.settings), tmp_path / "model.keras", Card(architecture))
    put(tmp_path / "a.png", noise(1030, 1030))
    assert predict(tmp_path / "model.keras", tmp_path / "a.png", "--out", tmp_path / "out") == 0
    assert "seams may show" in capsys.readouterr().err


def test_a_threshold_and_settings_from_a_file(model, tmp_path):
    put(tmp_path / "a.png", noise(12, 12))
    content = {"model": str(model), "paths": [str(tmp_path / "a.png")], "out": str(tmp_path / "out"), "threshold": 0.9}
    (tmp_path / "settings.json").write_text(json.dumps(content))
    assert predict("--config", tmp_path / "settings.json") == 0
    assert json.loads((tmp_path / "out/a.json").read_text())["threshold"] == 0.9
    assert predict("--config", tmp_path / "settings.json", "--overwrite", "--threshold", 0.2) == 0
    assert json.loads((tmp_path / "out/a.json").read_text())["threshold"] == 0.2


def test_names_of_any_letters_and_length_are_written(model, tmp_path, capsys):
    names = ["ü\u0301 ✓\n.png", "-x.png", "n" * 251 + ".png", "é" * 120 + ".png", ".png.png"]
    paths = [put(tmp_path / "in" / name, noise(8, 8)) for name in names]
    assert predict(model, *paths, "--out", tmp_path / "out") == 0
    assert len(folder_names(tmp_path / "out")) == 15
    assert capsys.readouterr().err == ""


WRONG = {
    "no model": (2, "Name both", ()),
    "no images": (2, "Name both", ("MODEL",)),
    "a model that is not there": (3, "nowhere.keras", ("nowhere.keras", "a.png")),
    "a model that is none": (6, "text.keras", ("text.keras", "a.png")),
    "a classifier": (6, "(N, H, W, 1)", ("classifier.keras", "a.png", "--trust-model")),
    "a network of stride 64": (6, "32 x 32", ("deep.keras", "a.png", "--trust-model")),
    "a folder below a file": (4, "text.keras", ("MODEL", "a.png", "--out", "text.keras/out")),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_line_and_leaves_nothing(name, model, tmp_path, monkeypatch, capsys):
    code, word, words = WRONG[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_text("a model is refused before an image is read")
    if code == 4:
        put(tmp_path / "a.png", noise(8, 8))
    (tmp_path / "text.keras").write_text("a text")
    if "classifier.keras" in words:
        image = keras.Input((None, None, 3))
        keras.Model(image, keras.layers.GlobalAveragePooling2D()(image)).save("classifier.keras")
    if "deep.keras" in words:
        build("unet", {"widths": (1,) * 7}).save("deep.keras")
    shutil.copy(model, "MODEL.keras")
    shutil.copy(model.with_suffix(".json"), "MODEL.json")
    before = folder_names(tmp_path)
    assert predict(*(word.replace("MODEL", "MODEL.keras") for word in words)) == code
    line = error_line(capsys.readouterr().err)
    assert word in line
    assert "Received: " in line
    assert folder_names(tmp_path) == before


@pytest.mark.parametrize("flag", ["--threshold=1.5", "--batch-size=0"])
def test_a_number_out_of_range_is_usage(flag, capsys):
    assert predict("model.keras", "a.png", *flag.split("=")) == 2
    assert flag[2:].replace("-", "_") in error_line(capsys.readouterr().err)
