"""The notebooks run from their own folder and from the root, on a small setting; what is committed has its outputs."""

import json
import sys

import pytest
from command_runs import REPOSITORY, run_python, succeed

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


@pytest.mark.process
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_a_small_setting(notebook, tmp_path):
    arguments = ["-m", "pytest", "--nbmake", notebook, "-q", "-p", "no:cacheprovider", "--nbmake-timeout=200"]
    result = run_python(*arguments, cwd=REPOSITORY, SHAPESEG_NOTEBOOK_IMAGES="20")
    assert "1 passed" in succeed(result).stdout


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_has_its_outputs_and_no_errors(notebook):
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    kinds = [output["output_type"] for cell in cells for output in cell["outputs"]]
    assert "error" not in kinds
    assert "display_data" in kinds or "execute_result" in kinds
    assert all(cell["execution_count"] == place for place, cell in enumerate(cells, start=1))
    assert sys.prefix not in notebook.read_text()
