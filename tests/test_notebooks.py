"""The notebooks run from their own folder and from the root, on a small setting; what is committed has its outputs."""

import json
import sys

import nbformat
import pytest
from command_runs import REPOSITORY
from nbclient import NotebookClient

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


@pytest.mark.process
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_a_small_setting(notebook, monkeypatch):
    """Its kernel is a process; a cell that fails raises, with its traceback."""
    monkeypatch.setenv("SHAPESEG_NOTEBOOK_IMAGES", "20")
    place = {"metadata": {"path": notebook.parent}}
    ran = NotebookClient(nbformat.read(notebook, as_version=4), timeout=200, resources=place).execute()
    assert all(cell.execution_count for cell in ran.cells if cell.cell_type == "code")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_has_its_outputs_and_no_errors(notebook):
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    kinds = [output["output_type"] for cell in cells for output in cell["outputs"]]
    assert "error" not in kinds
    assert "display_data" in kinds or "execute_result" in kinds
    assert all(cell["execution_count"] == place for place, cell in enumerate(cells, start=1))
    assert sys.prefix not in notebook.read_text()
