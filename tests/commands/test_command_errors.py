"""What a user does wrong ends with one line that says so and with the right exit code."""

import io
import json
import shutil
import sys
from importlib.util import find_spec

import pytest
from command_runs import SMALL, error_line, folder_names, run_script
from runs_here import run_here

from shapeseg.commands.command_line import run
from shapeseg.datasets import create_dataset
from shapeseg.settings import CommonOptions

GENERATE, TRAIN, EVALUATE = "generate", "train", "evaluate"
SCRIPTS = {GENERATE: "generate_data.py", TRAIN: "train.py", EVALUATE: "evaluate.py"}
DRAW = (GENERATE, "--out", "new", "--num-images", 3)

# name: (exit code, what the line must hold, command)
CASES = {
    "no images": (2, "num_images=0", (*DRAW[:-1], 0)),
    "fewer than no images": (2, "num_images=-1", (*DRAW[:-1], -1)),
    "no instances": (2, "min_instances=0", (*DRAW, "--min-instances", 0)),
    "fewer than no instances": (2, "max_instances=-2", (*DRAW, "--min-instances", -3, "--max-instances", -2)),
    "a canvas of no width": (2, "width=0", (*DRAW, "--width", 0)),
    "shapes above the canvas": (2, "max_size=300", (*DRAW, "--max-size", 300)),
    "a canvas below the shapes": (2, "max_size=40", (*DRAW, "--height", 30)),
    "smallest above largest": (2, "min_size=30", (*DRAW, "--min-size", 30, "--max-size", 25)),
    "fewest above most": (2, "min_instances=20", (*DRAW, "--min-instances", 20)),
    "no such colour": (2, "256", (*DRAW, "--background", 0, 256, 0)),
    "a negative seed": (2, "seed=-1", (*DRAW, "--seed", -1)),
    "a seed that is too large": (2, f"seed={2**64}", (*DRAW, "--seed", 2**64)),
    "negative workers": (2, "workers=-1", (*DRAW, "--workers", -1)),
    "shares that do not add up": (2, "80/9/9/10", (*DRAW, "--train-percent", 80)),
    "a dataset over a dataset": (2, "data", (GENERATE, "--out", "data", "--num-images", 3)),
    "a dataset over a file": (2, "file", (GENERATE, "--out", "file", "--num-images", 3)),
    "a dataset for the current folder": (2, "current folder", (GENERATE, "--out", ".", "--num-images", 3)),
    "a dataset below a file": (4, "file", (GENERATE, "--out", "file/below", "--num-images", 3)),
    "no settings file": (3, "nowhere.json", (*DRAW, "--config", "nowhere.json")),
    "a folder for settings": (3, "data", (*DRAW, "--config", "data")),
    "settings that are no JSON or YAML": (3, "broken.yaml", (*DRAW, "--config", "broken.yaml")),
    "settings without names": (3, "list.yaml", (*DRAW, "--config", "list.yaml")),
    "an unknown setting": (2, "num_pictures", (*DRAW, "--config", "unknown.yaml")),
    "a setting of the wrong type": (2, "num_images", (*DRAW, "--config", "type.yaml")),
    "no epochs": (2, "epochs=0", (TRAIN, "--data", "data", "--epochs", 0)),
    "no batch": (2, "batch_size=0", (TRAIN, "--data", "data", "--batch-size", 0)),
    "no learning rate": (2, "learning_rate=nan", (TRAIN, "--data", "data", "--learning-rate", "nan")),
    "a level without channels": (2, "(4, 0)", (TRAIN, "--data", "data", "--widths", 4, 0)),
    "training without a dataset": (3, "generate_data.py --out nowhere", (TRAIN, "--data", "nowhere")),
    "training on an empty split": (3, "split", (TRAIN, "--data", "one", "--out", "new")),
    "a network that no memory holds": (2, "1024", (TRAIN, "--data", "data", "--widths", 10**8, "--out", "new")),
    "a network that is wide all over": (2, "2048", (TRAIN, "--data", "data", "--widths", *[1000] * 3, "--out", "new")),
    "fresh scenes, but none": (2, "0", (TRAIN, "--data", "none", "--epoch-images", 0)),
    "minutes without an end": (2, "inf", (TRAIN, "--data", "data", "--max-minutes", "inf")),
    "a resume of nothing": (3, "nowhere", (TRAIN, "--resume", "--out", "nowhere")),
    "an unknown network": (2, "vgg", (TRAIN, "--data", "data", "--model", "vgg")),
    "a start from no model": (3, "nowhere.keras", (TRAIN, "--data", "data", "--init-from", "nowhere.keras")),
    "a run over a run": (2, "run", (TRAIN, "--data", "data", "--widths", 4, 4, "--out", "run")),
    "a run below a file": (4, "file", (TRAIN, "--data", "data", "--widths", 4, 4, "--out", "file/below")),
    "measuring without a dataset": (3, "nowhere", (EVALUATE, "run/model.keras", "--data", "nowhere")),
    "measuring on an empty split": (3, "split", (EVALUATE, "run/model.keras", "--data", "one", "--split", "EMPTY")),
    "an unknown split": (2, "exam", (EVALUATE, "run/model.keras", "--data", "data", "--split", "exam")),
    "a report below a file": (4, "file", (EVALUATE, "run/model.keras", "--data", "data", "--out", "file/below")),
    "a report among other things": (2, "run with ", (EVALUATE, "run/model.keras", "--data", "data", "--out", "run")),
    "a component below nothing": (2, "min_component=-1", (EVALUATE, "run/model.keras", "--min-component", -1)),
    "no such model": (3, "nowhere.keras", (EVALUATE, "nowhere.keras", "--data", "data")),
    "no model yet": (3, "train.py", (EVALUATE, "--data", "data")),
    "a model of another kind": (6, "run/model.json", (EVALUATE, "run/model.json", "--data", "data")),
    "a text for a model": (6, "text.keras", (EVALUATE, "text.keras", "--data", "data")),
    "a model without its card": (6, "bare.keras", (EVALUATE, "bare.keras", "--data", "data")),
    "a changed model": (6, "changed.keras", (EVALUATE, "changed.keras", "--data", "data")),
}
if find_spec("keras_cv") is None:
    install = "Run: pip install keras-cv==0.9.0 tensorflow-cpu=="
    CASES["a network of an extra that is not installed"] = (2, install, (TRAIN, "--model", "keras_cv_deeplab_v3_plus"))
    CASES["a model of somebody who has the extra"] = (2, install, (EVALUATE, "extra/model.keras", "--data", "data"))
BACKENDS = {
    "an unknown backend": (2, "numpyro", (TRAIN, "--data", "data"), "numpyro"),
    "an unknown backend to measure": (2, "numpyro", (EVALUATE, "run/model.keras", "--data", "data"), "numpyro"),
    "an empty backend": (2, "nothing", (TRAIN, "--data", "data"), ""),
}
if find_spec("tensorflow") is None:
    BACKENDS["a backend that is not installed"] = (2, "pip install tensorflow", (TRAIN, "--data", "data"), "tensorflow")


@pytest.fixture(scope="module")
def place(small_dataset, tiny_run, tmp_path_factory):
    """A folder with a dataset, a run, and much that is neither."""
    place = tmp_path_factory.mktemp("errors")
    shutil.copytree(small_dataset, place / "data")
    shutil.copytree(tiny_run, place / "run")
    create_dataset(place / "one", num_images=1, seed=0)
    shutil.copy(place / "run/model.keras", place / "bare.keras")
    content = (place / "run/model.keras").read_bytes()
    (place / "changed.keras").write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
    shutil.copy(place / "run/model.json", place / "changed.json")
    shutil.copytree(place / "run", place / "extra")
    card = json.loads((place / "extra/model.json").read_text())
    card["architecture"] = {"name": "keras_cv_deeplab_v3_plus", "settings": {}}
    (place / "extra/model.json").write_text(json.dumps(card))
    for name, text in {
        "file": "a file\n",
        "text.keras": "a text\n",
        "broken.yaml": "{num_images: 3\n",
        "list.yaml": "- 3\n",
        "unknown.yaml": "num_pictures: 3\n",
        "type.yaml": "num_images: many\n",
    }.items():
        (place / name).write_text(text)
    return place


def empty_split(place):
    held = (place / "one/metadata.csv").read_text()
    return next(name for name in ("test", "val") if name not in held)


def check(code, word, result):
    line = error_line(result.stderr)
    assert result.returncode == code, line
    assert word in line
    assert "Received: " in line
    assert line.endswith(".")
    assert "a bug of shapeseg" not in line


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_one_line_with_its_exit_code(name, place):
    before = folder_names(place)
    code, word, words = CASES[name]
    check(code, word, run_here(*(empty_split(place) if each == "EMPTY" else each for each in words), cwd=place))
    assert folder_names(place) == before


@pytest.mark.process
@pytest.mark.parametrize(
    "name", ["no images", "a dataset below a file", "training without a dataset", "no such model", "a text for a model"]
)
def test_a_mistake_is_the_same_in_a_process_of_its_own(name, place):
    code, word, (command, *words) = CASES[name]
    check(code, word, run_script(SCRIPTS[command], *words, cwd=place))


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_that_cannot_be_used_is_told(name, place):
    code, word, words, backend = BACKENDS[name]
    check(code, word, run_here(*words, cwd=place, KERAS_BACKEND=backend))


@pytest.mark.parametrize(
    "flags", [("--num-images", "many"), ("--num-images", "1.5"), ("--wings", "2"), ("--kinds", "triangel")]
)
def test_a_flag_that_cannot_be_read_is_usage(flags, tmp_path):
    result = run_here(GENERATE, "--out", "new", *flags, cwd=tmp_path)
    assert result.returncode == 2
    assert flags[0] in error_line(result.stderr)
    assert folder_names(tmp_path) == set()


def test_a_check_tells_by_its_exit_code_whether_it_found_problems(small_dataset, tmp_path):
    data = shutil.copytree(small_dataset, tmp_path / "data")
    assert run_here("verify", data, cwd=tmp_path).returncode == 0
    (data / "masks/000003.png").unlink()
    result = run_here("verify", data, cwd=tmp_path)
    assert result.returncode == 1
    assert "masks/000003.png: the file is missing" in result.stdout


def test_an_unknown_command_is_usage(tmp_path):
    result = run_here("paint", cwd=tmp_path)
    assert result.returncode == 2
    assert "paint" in error_line(result.stderr)


def test_debug_shows_where_it_went_wrong(tmp_path):
    result = run_here(GENERATE, "--out", "new", "--num-images", 0, "--debug", cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.process
def test_a_message_of_any_letters_reaches_an_ascii_terminal(tmp_path):
    changes = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    result = run_script(SCRIPTS[GENERATE], "--config", "dåtå", cwd=tmp_path, **changes)
    assert result.returncode == 3
    assert error_line(result.stderr).isascii()


def test_results_of_any_letters_reach_an_ascii_stdout(tmp_path, monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii", write_through=True))
    assert run(CommonOptions, lambda _options: sys.stdout.write("zwölf \udcff") and 0, [], "write") == 0
    assert written.getvalue() == b"zw\\xf6lf \\udcff"


@pytest.mark.process
def test_the_same_command_in_another_language_draws_the_same(tmp_path):
    draw = (SCRIPTS[GENERATE], "--num-images", 5, *SMALL)
    assert run_script(*draw, "--out", "plain", cwd=tmp_path).returncode == 0
    changes = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "PYTHONOPTIMIZE": "1"}
    assert run_script(*draw, "--out", "other", cwd=tmp_path, **changes).returncode == 0
    for name in ("dataset.json", "metadata.jsonl", "metadata.csv"):
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
