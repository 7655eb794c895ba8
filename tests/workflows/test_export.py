"""``export``, and ``predict`` with what it wrote, without Keras and torch."""

import hashlib
import json
import shutil
import sys
from importlib.util import find_spec

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, error_line, folder_names, run_python, succeed
from PIL import Image

from shapeseg.commands.export import main
from shapeseg.commands.predict import main as predict
from shapeseg.inference.export import PACKAGES, export_contents
from shapeseg.inference.opened_model import open_export, open_model
from shapeseg.inference.predictor import probabilities
from shapeseg.inference.runtimes import open_exported
from shapeseg.models import Architecture, Card, build, load_model, read_card, save_model

FORMATS = ("onnx", "openvino", "torch")
FILES = {"onnx": ["model.onnx"], "openvino": ["model.bin", "model.xml"], "torch": ["model.pt2"]}
MAIN = {"onnx": "model.onnx", "openvino": "model.xml", "torch": "model.pt2"}
missing = [package for packages in PACKAGES.values() for package in packages if find_spec(package) is None]
pytestmark = [
    pytest.mark.slow,  # the exporters take a third of a minute
    pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}"),
]


def noise(count, height, width):
    return np.random.Generator(np.random.PCG64(1)).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a small model of random weights and its exports; what was printed for each; and the model."""
    folder = tmp_path_factory.mktemp("exports")
    keras.utils.set_random_seed(4)
    architecture = Architecture("unet", {"widths": [4, 6]})
    card = Card(architecture, threshold=0.45, data={"target": "amodal"})
    save_model(build(architecture.name, architecture.settings), folder / "model.keras", card)
    for kind in FORMATS:
        assert main([str(folder / "model.keras"), "--format", kind]) == 0
    return folder


@pytest.fixture
def copied(place, tmp_path):
    """A copy to damage, and an image."""
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    Image.fromarray(noise(1, 21, 30)[0]).save(tmp_path / "a.png")
    return tmp_path


def test_every_format_stands_beside_the_model_with_a_card_of_its_own(place):
    files = [name for names in FILES.values() for name in names]
    cards = [f"{name}.json" for name in MAIN.values()]
    assert folder_names(place) == {"model.keras", "model.json", *files, *cards}
    source = read_card(place / "model.keras")
    for kind in FORMATS:
        card = json.loads((place / f"{MAIN[kind]}.json").read_text())
        digests = {name[name.index(".") :]: hashlib.sha256((place / name).read_bytes()).hexdigest() for name in FILES[kind]}
        assert card["sha256"] == digests
        assert card["model_sha256"] == source.sha256
        assert (card["threshold"], card["stride"]) == (0.45, 4)
        assert card["model_card"]["architecture"] == {"name": "unet", "settings": {"widths": [4, 6]}}
        assert 0 <= card["largest_difference"] <= 1e-4
        assert card["compared"] == 4 * 224 * 224 + 220 * 8
        assert {"shapeseg", "keras", "torch", *PACKAGES[kind]} == set(card["versions"])


def test_an_export_finds_what_its_model_was_trained_to_find(place):
    assert open_model(place / "model.keras").target == "amodal"
    assert open_export(place / "model.onnx", "onnx").target == "amodal"


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_gives_what_the_model_gives_for_images_of_any_number_and_size(kind, place):
    contents = {f".{name.split('.')[1]}": (place / name).read_bytes() for name in FILES[kind]}
    exported, model = open_exported(kind, contents), load_model(place / "model.keras")
    for count, height, width in ((1, 8, 8), (3, 37, 30), (5, 12, 90)):
        images = noise(count, height, width)
        expected, given = (probabilities(each, images, stride=4) for each in (model, exported))
        assert given.shape == (count, height, width)
        assert given.dtype == np.float32
        assert np.abs(given - expected).max() <= 1e-5


# Runs the command as `python -m shapeseg` does, and then says what it has loaded.
WATCHED = """
import sys
from shapeseg.__main__ import main
code = main(sys.argv[1:])
sys.stderr.write("loaded " + ",".join(sorted({"keras", "torch", "jax", "tensorflow", "matplotlib"} & set(sys.modules))))
raise SystemExit(code)
"""


@pytest.mark.process
@pytest.mark.parametrize(("runtime", "name"), [("onnx", "model.onnx"), ("openvino", "model.onnx"), ("openvino", "model.xml")])
def test_predicting_with_an_export_loads_neither_keras_nor_torch_and_finds_the_same(runtime, name, copied):
    words = ("predict", name, "a.png", "--runtime", runtime, "--out", "out")
    (copied / "home").mkdir()
    changes = {"HOME": copied / "home", "PYTHONPATH": REPOSITORY, "CI": None, "ORT_DISABLE_TELEMETRY": None}
    result = succeed(run_python("-c", WATCHED, *words, cwd=copied, **changes))
    assert result.stderr == "loaded "
    assert folder_names(copied / "home") == set(), "where the telemetry of both would keep its numbers"
    assert predict([str(copied / word) for word in ("model.keras", "a.png")] + ["--out", str(copied / "expected")]) == 0
    found, expected = (json.loads((copied / out / "a.json").read_text()) for out in ("out", "expected"))
    assert found["runtime"] == runtime
    assert found["threshold"] == expected["threshold"] == 0.45
    assert found["model_sha256"] == hashlib.sha256((copied / name).read_bytes()).hexdigest()
    assert [(part["box"], part["area"]) for part in found["components"]] == [
        (part["box"], part["area"]) for part in expected["components"]
    ]


def test_a_transformer_too():
    keras.utils.set_random_seed(4)
    settings = {"widths": [6]}
    model, stride = build("segformer", settings), Architecture("segformer", settings).stride
    exported = open_exported("onnx", export_contents(model, "onnx", stride=stride))
    for count, height, width in ((1, stride, stride), (3, 7 * stride, 5 * stride)):
        images = noise(count, height, width)
        expected, given = (probabilities(each, images, stride=stride) for each in (model, exported))
        assert np.abs(given - expected).max() <= 1e-5


def test_an_export_that_differs_is_refused_and_not_written(copied, monkeypatch, capsys):
    from shapeseg.inference import runtimes

    class Off(runtimes.TorchProgram):
        def predict_on_batch(self, images):
            return super().predict_on_batch(images) + np.float32(2e-4)

    monkeypatch.setattr(runtimes, "TorchProgram", Off)
    assert main([str(copied / "model.keras"), "--format", "torch", "--out", str(copied / "new.pt2")]) == 6
    assert "differs from the saved one" in error_line(capsys.readouterr().err)
    assert not [name for name in folder_names(copied) if name.startswith("new")]


def test_an_export_is_replaced_only_when_asked(copied, capsys):
    assert main([str(copied / "model.keras"), "--format", "openvino"]) == 2
    assert "--overwrite" in error_line(capsys.readouterr().err)
    assert main([str(copied / "model.keras"), "--format", "torch", "--out", str(copied / "x.onnx")]) == 2
    assert "x.pt2" in error_line(capsys.readouterr().err)


def test_missing_packages_are_named(copied, monkeypatch, capsys):
    for package in ("onnxruntime", "onnxscript", "openvino"):
        monkeypatch.setitem(sys.modules, package, None)
    assert main([str(copied / "model.keras"), "--format", "onnx", "--overwrite"]) == 2
    assert "pip install onnxscript onnxruntime." in error_line(capsys.readouterr().err)
    for runtime, package in (("onnx", "onnxruntime"), ("openvino", "openvino")):
        words = (copied / "model.onnx", copied / "a.png", "--runtime", runtime, "--out", copied / "out")
        assert predict([str(word) for word in words]) == 2
        assert f"pip install {package}." in error_line(capsys.readouterr().err)
    assert not (copied / "out").exists()


def damage(path):
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])


WRONG = {
    "no such file": (3, "no such model", "onnx", "nowhere.onnx", lambda folder: None),
    "weights that are not there": (3, "model.bin", "openvino", "model.xml", lambda folder: (folder / "model.bin").unlink()),
    "a format of another runtime": (2, "does not run", "onnx", "model.xml", lambda folder: None),
    "a Keras model": (2, "does not run", "onnx", "model.keras", lambda folder: None),
    "a changed file": (6, "another digest", "onnx", "model.onnx", lambda folder: damage(folder / "model.onnx")),
    "changed weights": (6, "another digest", "openvino", "model.xml", lambda folder: damage(folder / "model.bin")),
    "no card": (6, "no model.onnx.json", "onnx", "model.onnx", lambda folder: (folder / "model.onnx.json").unlink()),
    "the model's card": (
        6,
        "no model.onnx.json from shapeseg",
        "onnx",
        "model.onnx",
        lambda folder: shutil.copy(*(folder / f"model.{end}json" for end in ("", "onnx."))),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_export_that_cannot_be_used_is_one_line_and_leaves_nothing(name, copied, capsys):
    code, word, runtime, model, change = WRONG[name]
    change(copied)
    words = (copied / model, copied / "a.png", "--runtime", runtime, "--out", copied / "out")
    assert predict([str(each) for each in words]) == code
    assert word in error_line(capsys.readouterr().err)
    assert not (copied / "out").exists()


def test_a_trusted_file_that_is_no_model_is_refused(copied, capsys):
    (copied / "text.onnx").write_text("no model")
    for runtime in ("onnx", "openvino"):
        words = (copied / "text.onnx", copied / "a.png", "--runtime", runtime, "--trust-model", "--out", copied / "out")
        assert predict([str(each) for each in words]) == 6
        assert "refuses the model" in error_line(capsys.readouterr().err)


def test_a_trusted_export_without_its_card_is_run_at_one_half(copied):
    (copied / "model.onnx.json").unlink()
    words = (copied / "model.onnx", copied / "a.png", "--runtime", "onnx", "--trust-model", "--out", copied / "out")
    assert predict([str(each) for each in words]) == 0
    assert json.loads((copied / "out/a.json").read_text())["threshold"] == 0.5
