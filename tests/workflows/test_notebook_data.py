from pathlib import Path

import pytest
from command_runs import folder_names

from shapeseg.errors import InputError
from shapeseg.workflows.notebooks import open_data, work_in_root


def test_a_notebook_works_in_the_root_from_any_folder_below(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    work_in_root()
    assert Path.cwd() == tmp_path


def test_a_notebook_outside_the_repository_is_told_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no folder of the repository"):
        work_in_root()


def test_a_missing_dataset_is_drawn_and_the_default_one_is_taken_in_part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn = open_data(12)
    assert folder_names(tmp_path / "data") == {"notebook-12"}
    drawn.folder.rename(tmp_path / "data" / "shapes")
    assert open_data(5).rows == drawn.rows[:5]
    assert folder_names(tmp_path / "data") == {"shapes"}
