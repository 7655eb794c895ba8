import tomllib

import pytest
from command_runs import REPOSITORY, SCRIPTS, run_python, succeed

import shapeseg
from shapeseg.commands import COMMANDS

# Runs a script or module with arguments, and reports on stderr which heavy packages it has loaded by the time it ends.
WATCH = """
import runpy, sys
kind, name, *arguments = sys.argv[1:]
sys.argv = [name, *arguments]
try:
    (runpy.run_path if kind == "path" else runpy.run_module)(name, run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
heavy = {"keras", "torch", "jax", "tensorflow", "matplotlib"} & set(sys.modules)
sys.stderr.write("loaded " + ",".join(sorted(heavy)))
"""


@pytest.mark.process
def test_the_package_loads_nothing_heavy(tmp_path):
    script = "import sys, shapeseg; print({'keras', 'torch', 'matplotlib', 'cv2', 'numpy'} & set(sys.modules))"
    assert succeed(run_python("-c", script, cwd=tmp_path)).stdout == "set()\n"


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments",
    [("path", str(REPOSITORY / script), "--help") for script in SCRIPTS]
    + [("module", "shapeseg"), ("module", "shapeseg", "--help"), ("module", "shapeseg", "--version")]
    + [("module", "shapeseg", command, "--help") for command in COMMANDS],
    ids=lambda arguments: " ".join(arguments[1:]).removeprefix(f"{REPOSITORY}/"),
)
def test_help_loads_nothing_heavy(arguments, tmp_path):
    result = succeed(run_python("-c", WATCH, *arguments, cwd=tmp_path))
    assert result.stderr == "loaded "
    assert result.stdout.strip()


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


def test_load_model_is_at_the_top_and_nothing_else_is_made_up():
    from shapeseg.models import load_model

    assert shapeseg.load_model is load_model
    with pytest.raises(AttributeError, match="save_everything"):
        _ = shapeseg.save_everything


def test_the_version_is_the_package_s():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert shapeseg.__version__ == project["version"]
