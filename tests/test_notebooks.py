"""The notebooks run as committed and edited; what is committed has its outputs, one cell to edit, and the face alone."""

import json
import re
import shutil
import sys

import nbformat
import numpy as np
import pytest
from command_runs import REPOSITORY
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

import shapeseg

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
DATASET, TRAINING, EVALUATION, OCCLUSION, PRESENTATION = NOTEBOOKS
# Less of everything that takes time; a notebook is given those that it has.
SMALL = {"NUM_IMAGES": 12, "EPOCHS": 1}
by_name = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def code_of(notebook):
    return [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]


@pytest.fixture
def root(tmp_path, tiny_run):
    """A folder like the repository's, with notebooks and saved models, and a new run."""
    for name in ("notebooks", "saved_models/reference"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    shutil.copytree(tiny_run, tmp_path / "saved_models/new")
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def run(root, notebook, **edits):
    """Runs a copy of a notebook in its own folder, some of its values edited, and returns the text that it printed."""
    opened = nbformat.read(root / "notebooks" / notebook.name, as_version=4)
    values = next(cell for cell in opened.cells if cell.cell_type == "code")
    for name, value in (SMALL | edits).items():
        values.source, found = re.subn(rf"^{name} = .*$", f"{name} = {value!r}", values.source, flags=re.M)
        assert found == 1 or name not in edits
    resources = {"metadata": {"path": root / "notebooks"}}
    ran = NotebookClient(opened, timeout=200, resources=resources).execute()
    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    return "".join(output.get("text", "") for cell in code for output in cell.outputs)


@pytest.fixture
def plain(tmp_path):
    """A folder of photographs and masks: bright boxes of 64 x 64 pixels."""
    random = np.random.Generator(np.random.PCG64(0))
    for name in ("images", "masks"):
        (tmp_path / "photos" / name).mkdir(parents=True)
    for number in range(30):
        mask = np.zeros((64, 64), np.uint8)
        x, y = random.integers(0, 40, 2)
        mask[y : y + 20, x : x + 20] = 255
        photo = random.integers(0, 90, (64, 64, 3)) + mask[..., None] // 2
        Image.fromarray(photo.astype(np.uint8)).save(tmp_path / "photos/images" / f"{number:03}.png")
        Image.fromarray(mask).save(tmp_path / "photos/masks" / f"{number:03}.png")
    return "photos"


@pytest.mark.process
@by_name
def test_a_notebook_runs_as_committed_but_for_the_size_of_its_work(notebook, root, small_dataset):
    shutil.copytree(small_dataset, root / "data/shapes")
    run(root, notebook)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("notebook", [DATASET, TRAINING, EVALUATION, PRESENTATION], ids=lambda path: path.stem)
def test_a_folder_of_one_s_own_will_do_and_what_needs_recipes_says_so(notebook, root, plain):
    model = {} if notebook in (DATASET, TRAINING) else {"MODEL": "saved_models/new"}
    printed = run(root, notebook, DATA=plain, **model)
    assert ("recipes" in printed) == (notebook != TRAINING)


@pytest.mark.process
@pytest.mark.slow
def test_a_new_run_is_measured_as_the_reference_is(root):
    run(root, OCCLUSION, MODEL="saved_models/new", SEED=8)


@pytest.mark.process
def test_more_images_than_there_are_are_told(root, small_dataset):
    shutil.copytree(small_dataset, root / "data/shapes")
    printed = run(root, DATASET, NUM_IMAGES=2000, SEED=3)
    told = "data/shapes holds 30 images, not 2000: all of them are taken; for more: python -m shapeseg append data/shapes"
    assert told in printed


@pytest.mark.process
def test_a_place_beyond_the_end_is_one_clear_line(root, small_dataset):
    shutil.copytree(small_dataset, root / "data/shapes")
    with pytest.raises(CellExecutionError) as caught:
        run(root, DATASET, PLACE=12)
    line = "error: there is no such place in the dataset. Received: 12, 12 images in data/shapes. Use 0 to 11."
    assert line in str(caught.value)
    assert "Traceback" not in str(caught.value)


@by_name
def test_a_committed_notebook_has_its_outputs_and_no_errors(notebook):
    cells = code_of(notebook)
    kinds = [output["output_type"] for cell in cells for output in cell["outputs"]]
    assert "error" not in kinds
    assert "display_data" in kinds or "execute_result" in kinds
    assert all(cell["execution_count"] == place for place, cell in enumerate(cells, start=1))
    assert sys.prefix not in notebook.read_text()


@by_name
def test_a_notebook_begins_with_the_values_to_edit_and_uses_the_face_alone(notebook):
    first, *others = ["".join(cell["source"]) for cell in code_of(notebook)]
    assert all(re.match(r"#|[A-Z_]+ = ", line) for line in first.splitlines())
    assert re.search(r"^SEED = ", first, re.M)
    source = "\n".join(others)
    imports = re.findall(r"^ *(?:import|from) .*$", source, re.M)
    assert len(imports) <= 5
    assert [line for line in imports if re.match(r"(import|from) +shapeseg", line)] == ["import shapeseg"]
    assert not re.findall(r"^ *(?:def|class) ", source, re.M)
    assert set(re.findall(r"shapeseg\.(\w+)", source)) <= set(shapeseg.__all__)
