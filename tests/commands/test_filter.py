"""``filter`` on the command line: what to remove and where is asked for in words."""

import json
import shutil

import pytest
from command_runs import error_line, folder_names, rows_of

from shapeseg.commands.filter import main
from shapeseg.datasets import Dataset
from shapeseg.datasets.filter import FilterSettings, plan_filter


@pytest.fixture
def data(small_dataset, tmp_path):
    return shutil.copytree(small_dataset, tmp_path / "data")


def run(*words):
    return main([str(word) for word in words], "shapeseg filter")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], ("--way", "--max-occlusion", "--out", "--in-place")),
        (["--in-place"], ("--way", "--max-occlusion")),
        (["--dry-run"], ("--way", "--max-occlusion")),
        (["--way", "drop-occluded"], ("--out", "--in-place")),
        (["--max-occlusion", 0], ("--out", "--in-place")),
        (["--way", "drop-occluded", "--out", "new", "--in-place"], ("new", "in place")),
        (["--way", "drop-occluded", "--out", "new", "--purge"], ("--purge", "--in-place")),
        (["--way", "drop-occluded", "--dry-run", "--purge"], ("--purge", "--in-place")),
        (["--way", "drop-beyond", "--in-place"], ("--max-occlusion",)),
        (["--way", "drop-occluded", "--max-occlusion", 0.3, "--in-place"], ("drop-beyond",)),
        (["--max-occlusion", "nan", "--in-place"], ("max_occlusion=nan",)),
    ],
    ids=str,
)
def test_what_was_not_said_clearly_changes_nothing(words, told, data, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert run(data, *words) == 2
    line = error_line(capsys.readouterr().err)
    assert all(word in line for word in told)
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    assert folder_names(tmp_path) == {"data"}


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--way", "drop-occluded"], FilterSettings("drop-occluded")),
        (["--max-occlusion", 0], FilterSettings("drop-beyond", 0.0)),
        (["--max-occlusion", 0.3], FilterSettings("drop-beyond", 0.3)),
        (["--way", "ignore-occluded"], FilterSettings("ignore-occluded", 0.0)),
        (["--way", "drop-beyond", "--max-occlusion", 0.2, "--all-instances"], FilterSettings("drop-beyond", 0.2, True)),
    ],
    ids=str,
)
def test_what_was_said_is_done_and_nothing_else(words, settings, data, tmp_path):
    rows = plan_filter(Dataset(data), settings).rows
    before = rows_of(data)
    assert run(data, *words, "--dry-run") == 0
    assert run(data, *words, "--out", tmp_path / "new") == 0
    assert rows_of(data) == before
    assert rows_of(tmp_path / "new") == rows
    assert Dataset(tmp_path / "new").rule.filters == (settings,)
    assert run(data, *words, "--in-place") == 0
    assert Dataset(data).rows == rows
    assert len(folder_names(data / "images")) == len(before)


def test_a_settings_file_says_it_as_well_and_purge_deletes(data, tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"way": "drop-occluded", "in_place": True, "purge": True}))
    assert run(data, "--config", tmp_path / "settings.json") == 0
    rows = Dataset(data).rows
    assert folder_names(data / "images") == {f"{row['image_id']}.png" for row in rows}
