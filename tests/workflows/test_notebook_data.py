import shutil
from pathlib import Path

import pytest
from command_runs import folder_names, succeed
from runs_here import run_here

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
    with pytest.raises(InputError, match="not a folder of the repository"):
        work_in_root()


def test_the_default_dataset_is_drawn_where_it_is_missing_and_taken_in_part(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    drawn = open_data("data/shapes", 12)
    assert folder_names(tmp_path / "data") == {"shapes"}
    assert len(drawn) == 12
    whole = open_data(Path("data/shapes"))
    assert len(whole) == 1000
    assert whole.rows[:12] == drawn.rows
    assert "it is drawn: 1000 images" in capsys.readouterr().out


def test_fewer_images_than_were_asked_for_are_told(small_dataset, capsys):
    assert len(open_data(small_dataset, 30)) == 30
    assert not capsys.readouterr().out
    assert len(open_data(small_dataset, 31)) == 30
    words = f"python -m shapeseg append {small_dataset} --num-images 1"
    assert capsys.readouterr().out == f"{small_dataset} holds 30 images, not 31: all of them are taken; for more: {words}\n"


def test_what_is_told_of_fewer_images_than_were_asked_for_brings_them(small_dataset, tmp_path, capsys):
    shutil.copytree(small_dataset, tmp_path / "shapes")
    open_data(tmp_path / "shapes", 34)
    words = capsys.readouterr().out.strip().partition("for more: ")[2].split()
    assert words[:3] == ["python", "-m", "shapeseg"]
    succeed(run_here(*words[3:], cwd=tmp_path))
    capsys.readouterr()
    assert len(open_data(tmp_path / "shapes", 34)) == 34
    assert not capsys.readouterr().out


def test_a_folder_of_one_s_own_cannot_be_drawn_on(small_dataset, tmp_path, capsys):
    for name in ("images", "masks"):
        shutil.copytree(small_dataset / name, tmp_path / "photos" / name)
    open_data(tmp_path / "photos", 31)
    assert capsys.readouterr().out.endswith("holds 30 images, not 31: all of them are taken\n")
