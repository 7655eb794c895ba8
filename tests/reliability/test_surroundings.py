"""Odd surroundings: a linked folder, a strict umask, no home, an output that is full or broken, a folder that is gone."""

import os
import subprocess
import sys

import pytest
from command_runs import REPOSITORY, error_line, folder_names, run_python, succeed

from shapeseg.datasets import Dataset, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.verify import verify_dataset

DRAW = ("-m", "shapeseg", "generate", "--num-images", 3, "--width", 32, "--height", 32, "--min-size", 6, "--max-size", 14)


def test_a_dataset_is_reached_through_a_link(small_settings, tmp_path):
    create_dataset(tmp_path / "real", num_images=3, seed=1, settings=small_settings)
    (tmp_path / "link").symlink_to("real")
    append_samples(tmp_path / "link", num_images=2)
    assert len(Dataset(tmp_path / "real")) == 5
    assert verify_dataset(tmp_path / "link") == []


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_files_follow_the_umask(umask, mode, small_settings, tmp_path):
    before = os.umask(umask)
    try:
        create_dataset(tmp_path / "data", num_images=1, seed=1, settings=small_settings)
    finally:
        os.umask(before)
    made = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(made) == 7
    assert {path.stat().st_mode & 0o777 for path in made} == {mode}


def test_no_home_is_needed(tmp_path):
    model = REPOSITORY / "saved_models/reference/model.keras"
    succeed(run_python("-m", "shapeseg", "doctor", model, cwd=tmp_path, HOME="/nonexistent/home", KERAS_HOME=None))
    assert folder_names(tmp_path) == set()


def test_an_output_that_is_full_or_broken_is_one_line_and_leaves_nothing_half_done(tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, *map(str, DRAW), "--out", "out"]
    with open("/dev/full", "wb") as full, os.fdopen(write, "wb") as broken:  # noqa: PTH123
        for place in (full, broken):
            result = subprocess.run(command, cwd=tmp_path, stdout=place, stderr=subprocess.PIPE, text=True, check=False)
            assert result.returncode == 4
            assert error_line(result.stderr)
            assert folder_names(tmp_path) == set()


def test_a_folder_that_is_gone_is_told(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    arguments = [*map(str, DRAW[2:]), "--out", "out"]
    script = f"import os, sys; os.rmdir({str(gone)!r}); from shapeseg.__main__ import main; sys.exit(main({arguments!r}))"
    result = run_python("-c", script, cwd=gone)
    assert result.returncode == 3
    assert "No such file" in error_line(result.stderr)
