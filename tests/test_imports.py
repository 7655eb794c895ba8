import ast
import json
import tomllib

import pytest
from command_runs import REPOSITORY, SCRIPTS, run_python, succeed

import shapeseg.datasets
import shapeseg.evaluation
import shapeseg.scenes
from shapeseg.commands import COMMANDS

HELPS = {
    **{f"{script} --help": ("path", str(REPOSITORY / script), "--help") for script in SCRIPTS},
    "shapeseg": ("module", "shapeseg"),
    "shapeseg --help": ("module", "shapeseg", "--help"),
    "shapeseg --version": ("module", "shapeseg", "--version"),
    **{f"shapeseg {command} --help": ("module", "shapeseg", *command.split(), "--help") for command in COMMANDS},
}

# Forks a process for each of some scripts and modules, with arguments, and prints of each how it ended, what it wrote, and
# which heavy packages it had loaded by then. What all of them load stands ready before, or each would take a second.
WATCH = """
import json, os, runpy, sys, tempfile
import numpy, tyro, yaml

HEAVY = {"keras", "torch", "jax", "tensorflow", "matplotlib"}
assert not HEAVY & set(sys.modules)

def run(kind, name, *arguments):
    sys.argv = [name, *arguments]
    try:
        (runpy.run_path if kind == "path" else runpy.run_module)(name, run_name="__main__")
    except SystemExit as end:
        return end.code or 0
    return 0

def watch(command, report):
    if os.fork() == 0:
        with tempfile.TemporaryFile("w+") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            try:
                code = run(*command)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                output.seek(0)
                json.dump([code, output.read(), sorted(HEAVY & set(sys.modules))], report)
                report.flush()
                os._exit(0)
    os.wait()

outcomes = {}
for name, command in json.loads(sys.argv[1]).items():
    with tempfile.TemporaryFile("w+") as report:
        watch(command, report)
        report.seek(0)
        outcomes[name] = json.load(report)
print(json.dumps(outcomes))
"""


@pytest.mark.process
def test_the_package_loads_nothing_heavy(tmp_path):
    script = "import sys, shapeseg; print({'keras', 'torch', 'matplotlib', 'cv2', 'numpy'} & set(sys.modules))"
    assert succeed(run_python("-c", script, cwd=tmp_path)).stdout == "set()\n"


@pytest.mark.process
def test_predict_with_an_exported_model_loads_no_more_than_it_needs(tmp_path):
    """Neither what draws, learns and measures, nor what a terminal needs; the model is not there, which ends it."""
    (tmp_path / "photo.png").touch()
    script = (
        "import sys\n"
        "from shapeseg.__main__ import main\n"
        "code = main(['predict', 'no.onnx', 'photo.png', '--runtime', 'onnx'])\n"
        "assert 'shapeseg.inference.runtimes' in sys.modules, code\n"
        "print(code, {'keras', 'torch', 'matplotlib', 'tqdm'} & set(sys.modules))\n"
        "print(sorted(name for name in sys.modules if name.startswith('shapeseg.')))\n"
    )
    result = succeed(run_python("-c", script, cwd=tmp_path))
    heavy, ours = result.stdout.splitlines()
    assert heavy == "3 set()", result.stderr
    unneeded = {
        "datasets.dataset",
        "datasets.create",
        "scenes.scene",
        "training",
        "evaluation.prediction",
        "workflows.options",
    }
    assert not {f"shapeseg.{name}" for name in unneeded} & set(ast.literal_eval(ours))


@pytest.mark.parametrize("room", [shapeseg.datasets, shapeseg.scenes, shapeseg.evaluation], ids=lambda room: room.__name__)
def test_a_room_has_the_names_that_it_lists_and_no_others(room):
    assert all(getattr(room, name) is not None for name in room.__all__)
    with pytest.raises(AttributeError, match=rf"module '{room.__name__}' has no attribute 'nothing'"):
        room.nothing  # noqa: B018 (to look is to load)


@pytest.fixture(scope="module")
def helps(tmp_path_factory):
    """How each help ended, what it wrote, and what it had loaded."""
    return json.loads(succeed(run_python("-c", WATCH, json.dumps(HELPS), cwd=tmp_path_factory.mktemp("helps"))).stdout)


@pytest.mark.process
@pytest.mark.parametrize("name", HELPS)
def test_help_loads_nothing_heavy(name, helps):
    code, text, loaded = helps[name]
    assert (code, loaded) == (0, []), text
    assert text.strip()


@pytest.mark.process
def test_help_names_settings_with_their_defaults(tmp_path):
    text = succeed(run_python(REPOSITORY / "generate_data.py", "--help", cwd=tmp_path, COLUMNS="200")).stdout
    for flag in ("--out", "--num-images", "--seed", "--workers", "--width", "--min-size", "--config"):
        assert flag in text
    assert "1000" in text


@pytest.mark.process
def test_torch_is_the_default_backend_and_a_chosen_one_stays(tmp_path):
    script = "import os, shapeseg; print(os.environ['KERAS_BACKEND'])"
    assert succeed(run_python("-c", script, cwd=tmp_path, KERAS_BACKEND=None)).stdout == "torch\n"
    assert succeed(run_python("-c", script, cwd=tmp_path, KERAS_BACKEND="jax")).stdout == "jax\n"


def test_the_version_is_the_package_s():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert shapeseg.__version__ == project["version"]
