"""Where no terminal is, long work says how far it is."""

import contextlib
import re
import shutil
import threading

import pytest
from command_runs import succeed
from runs_here import run_here

from shapeseg import terminal
from shapeseg.architectures import ARCHITECTURES, missing_extra
from shapeseg.datasets import Dataset
from shapeseg.errors import UsageError
from shapeseg.terminal import progress_bar, progress_lines
from shapeseg.workflows import export, model_speeds


@pytest.fixture
def soon(monkeypatch):
    """Half a minute is over in no time."""
    monkeypatch.setattr(terminal, "HALF_A_MINUTE", 0.005)


def test_lines_come_while_work_goes_on_however_long_a_unit_takes(soon, capsys):
    told = ""
    with progress_lines("measuring", 4000, "image") as progress:
        progress(120)
        while told.count("120 of") < 2:  # nothing is counted meanwhile
            told += capsys.readouterr().err
    assert re.fullmatch(r"measuring: 120 of 4,000 images, [\d.e+]+ a second", told.splitlines()[-1])


def test_quick_work_says_nothing_and_leaves_no_thread(capsys):
    before = threading.active_count()
    with progress_bar("drawing", 3, "image") as progress:
        assert threading.active_count() == before + 1
        progress(3)
    assert threading.active_count() == before
    assert capsys.readouterr().err == ""


def test_no_line_comes_after_an_error(soon, capsys):
    try:
        with progress_lines("drawing", 3, "image"):
            raise ValueError("no place")
    except ValueError:
        capsys.readouterr()
    threading.Event().wait(0.01)
    assert capsys.readouterr().err == ""


def test_training_and_measuring_say_how_far_they_are(soon, small_dataset, tmp_path):
    flags = ("--data", small_dataset, "--out", "run", "--widths", 4, 4, "--epochs", 2)
    lines = succeed(run_here("train", *flags, cwd=tmp_path)).stderr.splitlines()
    said = [line for line in lines if line.startswith("training: ")]
    assert said
    assert all(re.fullmatch(r"training: \d+ of \d+ steps, [\d.e+]+ a second", line) for line in said)
    assert int(said[-1].split()[1]) > 0
    said = succeed(run_here("evaluate", "run", "--split", "all", cwd=tmp_path)).stderr.splitlines()
    assert any(line.startswith("measuring: ") and " of 30 images, " in line for line in said)


@pytest.fixture
def told(monkeypatch):
    """What is told of, in the order in which it ends: what it is, units done, units in all, and what a unit is."""
    ended = []

    @contextlib.contextmanager
    def record(what, total, unit):
        done = []
        try:
            yield done.append
        finally:
            ended.append((what, sum(done), total, unit))

    monkeypatch.setattr(terminal, "progress_lines", record)
    monkeypatch.setattr(export, "progress_lines", record)
    return ended


def test_digests_are_checked_and_told_before_and_after_training(told, small_dataset, tmp_path):
    succeed(run_here("train", "--data", small_dataset, "--out", "run", "--widths", 4, 4, "--epochs", 1, cwd=tmp_path))
    train, val = (len(Dataset(small_dataset).split(name)) for name in ("train", "val"))
    stored, listed = ("checking", train + val, train + val, "image"), ("listing", train, train, "image")
    assert told == [stored, listed, ("measuring", val, val, "image")]


def test_digests_are_checked_and_told_before_measuring_and_converting(told, small_dataset, tiny_run, tmp_path):
    succeed(run_here("evaluate", tiny_run, "--data", small_dataset, "--split", "all", cwd=tmp_path))
    assert told == [("checking", 30, 30, "image"), ("measuring", 30, 30, "image")]
    told.clear()
    succeed(run_here("convert", small_dataset, "--out", "plain", cwd=tmp_path))
    succeed(run_here("convert", "plain", "--to", "yolo", cwd=tmp_path))
    assert told == 2 * [("checking", 30, 30, "image"), ("converting", 30, 30, "image")]


def test_filtering_in_place_counts_what_is_listed_again_and_what_is_deleted(told, small_dataset, tmp_path):
    shutil.copytree(small_dataset, tmp_path / "data")
    flags = ("--way", "drop-occluded", "--in-place", "--purge")
    succeed(run_here("filter", "data", *flags, cwd=tmp_path))
    assert 0 < len(Dataset(tmp_path / "data")) < 30
    assert told == [("filtering", 30, 30, "image")]


def test_an_export_is_told_from_before_keras_is_loaded(told, tiny_run, tmp_path):
    succeed(run_here("export", tiny_run, "--format", "torch", "--out", "model.pt2", cwd=tmp_path))
    assert told == [("exporting", 3, 3, "step")]


def test_timing_of_models_is_told_from_before_keras_is_loaded(told, monkeypatch, tmp_path):
    def prepare(**_device):
        raise UsageError("no backend", received="none", fix="Choose one")

    monkeypatch.setattr(model_speeds, "prepare_keras", prepare)
    assert run_here("models", "--speed", cwd=tmp_path).returncode == 2
    assert told == [("measuring", 0, sum(missing_extra(name) is None for name in ARCHITECTURES), "model")]
