"""Each import contract of pyproject.toml is broken once, in a copy of the package, and the linter says so."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from command_runs import HANG, REPOSITORY, environment

pytestmark = pytest.mark.process

CONTRACTS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
NAMES = [contract["name"] for contract in CONTRACTS]

# What somebody might write without a thought, by the contract that it breaks: a file, and an import in it.
FORBIDDEN = {
    NAMES[0]: ("evaluation/counts.py", "import shapeseg.reporting.tables"),
    NAMES[1]: ("scenes/ambiguity.py", "from shapeseg.scenes.scene import Scene"),
    NAMES[2]: ("labels.py", "import keras"),
    NAMES[3]: ("datasets/formats/coco.py", "import keras"),
    NAMES[4]: ("training/losses.py", "import torch"),
    NAMES[5]: ("evaluation/threshold.py", "import matplotlib"),
}


def lint(folder):
    """Returns the names of the contracts that a copy of the package breaks."""
    found = subprocess.run(
        [sys.executable, "-c", "import importlinter.cli; importlinter.cli.lint_imports_command()", "--no-cache"],
        cwd=folder,
        env=environment({"PYTHONPATH": folder, "NO_COLOR": 1, "COLUMNS": 200}),
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    broken = re.findall(r"^(.*) BROKEN", found.stdout, re.M)
    assert found.returncode == bool(broken), found.stdout + found.stderr
    return broken


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(REPOSITORY / "shapeseg", tmp_path / "shapeseg", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_tried_and_none_is_broken(copy):
    assert list(FORBIDDEN) == NAMES
    assert lint(copy) == []


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(name, copy):
    file, line = FORBIDDEN[name]
    path = copy / "shapeseg" / file
    path.write_text(
        path.read_text().replace("from __future__ import annotations\n", f"from __future__ import annotations\n\n{line}\n")
    )
    assert name in lint(copy)


def test_a_module_that_no_layer_names_is_told(copy):
    (copy / "shapeseg" / "helpers.py").write_text('"""A room without a place."""\n')
    assert lint(copy) == [NAMES[0]]
