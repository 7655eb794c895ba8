"""A saved model to do harm to."""

import shutil

import pytest

from shapeseg.models import Architecture, Card, build, save_model

ARCHITECTURE = Architecture("unet", {"widths": [2, 3]})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "run"
    folder.mkdir()
    save_model(build(ARCHITECTURE.name, ARCHITECTURE.settings), folder / "model.keras", Card(ARCHITECTURE))
    return folder


@pytest.fixture
def path(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "run") / "model.keras"
