"""The face: ``import shapeseg`` and its names, lazy, typed, and documented by examples that run."""

import doctest
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, run_python, succeed
from runs_here import run_here

import shapeseg
from shapeseg import api

PROMISED = {
    *("Dataset", "Scene", "SceneSettings", "sample_scene", "create_dataset", "append_samples", "filter_dataset"),
    *("merge_datasets", "train", "evaluate", "predict", "build_model", "load_model", "BinaryIoU", "ShapesegError"),
}


@pytest.fixture
def place(small_dataset, tiny_run, tmp_path, monkeypatch):
    """The current folder, with a dataset and a run."""
    shutil.copytree(small_dataset, tmp_path / "data/shapes")
    shutil.copytree(tiny_run, tmp_path / "saved_models/my-run")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_name_is_there_and_what_it_says():
    assert PROMISED <= set(shapeseg.__all__) <= set(dir(shapeseg))
    for name in shapeseg.__all__:
        assert getattr(shapeseg, name).__doc__, name
    from shapeseg.datasets import Dataset
    from shapeseg.models import load_model

    assert shapeseg.load_model is load_model
    assert shapeseg.Dataset is Dataset
    assert shapeseg.testing.arrays
    with pytest.raises(AttributeError, match="save_everything"):
        _ = shapeseg.save_everything


def test_types_are_told_of_the_same_names():
    """Those that a type checker reads are written down beside those that are loaded."""
    text = Path(shapeseg.__file__).read_text()
    typed = {line.split(" as ")[1] for line in text.splitlines() if line.startswith("    from ")}
    assert typed == set(shapeseg.__all__) - {"__version__"}
    assert (Path(shapeseg.__file__).parent / "py.typed").exists()


USER = """
from pathlib import Path
import shapeseg

def learn(folder: Path) -> float | None:
    data: shapeseg.Dataset = shapeseg.create_dataset(folder, num_images=10, seed=0, width=64)
    run = shapeseg.train(data=folder, epochs=5, learning_rate=4e-3)
    best: float = max(row["val_iou"] for row in run.history)
    metrics: shapeseg.Metrics = shapeseg.evaluate(run.folder, data=folder, split="test")
    truth = shapeseg.sample_scene(shapeseg.SceneSettings(), seed=0, index=17).render()
    print(best, len(data), truth.image.shape, run.model.count_params())
    return metrics["iou"]
"""
WRONG = "import shapeseg\nshapeseg.evaluate(5)\nshapeseg.Run('a').folder.nothing\nshapeseg.traim()\n"


@pytest.mark.process
@pytest.mark.slow
def test_a_user_s_file_is_checked_against_the_types(tmp_path):
    options = ("--config-file", REPOSITORY / "pyproject.toml", "--follow-imports", "silent")
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "wrong.py").write_text(WRONG)
    checked = run_python("-m", "mypy", *options, tmp_path / "user.py", tmp_path / "wrong.py", cwd=REPOSITORY)
    lines = checked.stdout.splitlines()
    assert [line.split(":")[1] for line in lines if "error:" in line] == ["2", "3", "4"], checked.stdout
    assert not any("user.py" in line for line in lines)


@pytest.mark.parametrize("example", doctest.DocTestFinder(exclude_empty=True).find(api), ids=lambda example: example.name)
def test_the_examples_of_docstrings_run(example, place):
    example.globs = {"shapeseg": shapeseg}
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0


def test_keywords_are_the_flags(place):
    """The same training by the command and from Python ends with the same model."""
    words = ("--epochs", 2, "--widths", 4, 8, "--learning-rate", 4e-3, "--ambiguous", "hard")
    succeed(run_here("train", "--data", "data/shapes", *words, "--out", "command", cwd=place))
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["val_iou"]))
    run = shapeseg.train(
        data=Path("data/shapes"),
        epochs=2,
        widths=[4, 8],
        learning_rate=4e-3,
        ambiguous="hard",
        out="python",
        callbacks=[callback],
    )
    assert (run.folder, len(run.history)) == (Path("python"), 2)
    assert seen == pytest.approx([row["val_iou"] for row in run.history])
    assert run.card.scores["epochs"] == 2
    image = shapeseg.Dataset("data/shapes")[0].image[None]
    loaded = [shapeseg.load_model(path) for path in ("python", Path("python/model.keras"), "command")]
    first, *others = [np.asarray(model.predict(image, verbose=0)) for model in (run.model, *loaded)]
    assert all(np.array_equal(first, other) for other in others)


def test_scores_are_those_of_the_file(place):
    metrics = shapeseg.evaluate("saved_models/my-run", data="data/shapes", split="all", out="report")
    assert metrics == shapeseg.evaluate(place / "saved_models/my-run/model.keras", split="all", data="data/shapes") | {
        name: metrics[name] for name in ("model", "command")
    }
    assert metrics["images"] == 30
    assert (place / "report/metrics.json").exists()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: shapeseg.train(epoch=3), "Did you mean epochs"),
        (lambda: shapeseg.train(learning_rat=3), "Did you mean learning_rate"),
        (lambda: shapeseg.train(config="a.yaml"), "command line"),
        (lambda: shapeseg.train(epochs="three"), "epochs"),
        (lambda: shapeseg.train(loss="dise"), "Did you mean dice"),
        (lambda: shapeseg.train(augmentation=("trun",)), "Did you mean turn"),
        (lambda: shapeseg.evaluate("saved_models/my-run", spilt="val"), "Did you mean split"),
        (lambda: shapeseg.predict("saved_models/my-run", "a.png", treshold=1), "Did you mean threshold"),
        (lambda: shapeseg.build_model("unet", width=(4, 8)), "Did you mean widths"),
        (lambda: shapeseg.create_dataset("data/new", kind=("rectangle",)), "Did you mean kinds"),
        (lambda: shapeseg.filter_dataset("data/shapes"), "--way"),
        (lambda: shapeseg.train(augmentation="turn"), r"Received: augmentation='turn'\. Give it a list: \['turn'\]\.$"),
        (lambda: shapeseg.train(widths=8), r"Received: widths=8\. Give it a list: \[8\]\.$"),
        (lambda: shapeseg.train(data=shapeseg.Dataset("data/shapes")), "Received: data=<shapeseg.*Give it a path"),
        (lambda: shapeseg.train(callbacks=keras.callbacks.TerminateOnNaN()), "Give it a list"),
        (lambda: shapeseg.train(callbacks=None), "Received: callbacks=None. Give it a list"),
        (lambda: shapeseg.evaluate(5), "Received: model=5. Give it a path"),
        (
            lambda: shapeseg.predict("saved_models/my-run", np.zeros((1, 8, 8, 3))),
            "Received: paths=array.*Give it a list of paths",
        ),
        (lambda: shapeseg.build_model("unet", widths="8"), "Received: widths='8'. Give it a list of whole numbers"),
        (lambda: shapeseg.create_dataset(3), "Received: out=3. Give it a path"),
        (lambda: shapeseg.create_dataset("data/new", num_images=10.0), "num_images=10.0. Give it a whole number"),
        (lambda: shapeseg.create_dataset("data/new", seed=0.5), "seed=0.5. Give it a whole number"),
        (lambda: shapeseg.create_dataset("data/new", kinds="star"), r"Give it a list: \['star'\]"),
        (lambda: shapeseg.create_dataset("data/new", engine="ray"), "no such setting. Received: engine"),
        (lambda: shapeseg.append_samples("data/shapes", num_images="3"), "num_images='3'. Give it a whole number"),
        (lambda: shapeseg.filter_dataset("data/shapes", way="drop", out="data/new"), "Did you mean drop-occluded|drop-beyond"),
        (lambda: shapeseg.filter_dataset("data/shapes", max_occlusion=0.5, in_place="no"), "Give it True or False"),
        (lambda: shapeseg.merge_datasets("data/shapes", 3, "data/new"), r"Received: data=.*, 3\]. Give it a list of paths"),
        (lambda: shapeseg.write_twins("data/shapes", "remov", "data/new"), "Did you mean remove"),
        (lambda: shapeseg.Run(3), "Received: folder=3. Give it a path"),
        (lambda: shapeseg.Dataset(None), "Received: folder=None. Give it a path"),
        (lambda: shapeseg.load_model(None), "Received: path=None. Give it a path"),
        (lambda: shapeseg.Dataset("data/shapes").first(-1), "Received: count=-1"),
        (lambda: shapeseg.Dataset("data/shapes").first("3"), "Received: count='3'. Give it a whole number"),
        (lambda: shapeseg.Dataset("data/shapes").feed(8.5), "Received: batch_size=8.5. Give it a whole number"),
        (lambda: shapeseg.Dataset("data/shapes").feed(augmentation="turn", shuffle_seed=0), r"Give it a list: \['turn'\]"),
        (lambda: shapeseg.Dataset("data/shapes").feed(target="visble"), "Did you mean visible"),
        (lambda: shapeseg.SegmentationLoss("dise"), "Did you mean dice"),
        (lambda: shapeseg.notebooks.open_data("data/shapes", "3"), "Received: num_images='3'. Give it a whole number"),
    ],
)
def test_a_wrong_keyword_is_told_with_the_one_that_was_meant(call, told, place):
    with pytest.raises(shapeseg.UsageError, match=told):
        call()
    assert not (place / "data/new").exists()


def test_images_that_cannot_be_used_are_told_after_the_others(place, capsys):
    (place / "torn.png").write_bytes(b"no image")
    with pytest.raises(shapeseg.InputError, match="not every image"):
        shapeseg.predict("saved_models/my-run", ["torn.png", "data/shapes/images/000000.png"], out="found")
    assert (place / "found/000000_mask.png").exists()
    assert "torn.png" in capsys.readouterr().err


def test_a_place_beyond_the_end_is_told_and_still_ends_a_sequence(place):
    data = shapeseg.Dataset("data/shapes")
    for ask in (data.__getitem__, data.image, data.row, data.scene):
        with pytest.raises(shapeseg.UsageError, match=r"Received: 30, 30 images.*Use 0 to 29") as caught:
            ask(30)
        assert isinstance(caught.value, IndexError)
    assert np.array_equal(data[-1].image, data[29].image)
    assert len(list(data)) == 30


@pytest.mark.process
def test_names_are_loaded_when_they_are_asked_for(tmp_path):
    script = (
        "import sys, shapeseg\n"
        "heavy = lambda: sorted({'keras', 'torch', 'matplotlib', 'cv2', 'numpy', 'tyro'} & set(sys.modules))\n"
        "print(heavy()); shapeseg.train; print('keras' in heavy(), 'torch' in heavy())\n"
        "from shapeseg import BinaryIoU, load_model; print('keras' in heavy())\n"
    )
    assert succeed(run_python("-c", script, cwd=tmp_path)).stdout == "[]\nFalse False\nTrue\n"


def test_a_notebook_shows_an_error_as_one_line():
    error = shapeseg.UsageError("size must be even", received=3, fix="Use 4")
    assert error._render_traceback_() == ["error: size must be even. Received: 3. Use 4."]
