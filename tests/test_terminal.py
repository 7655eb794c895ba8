"""Where no terminal is, long work says how far it is."""

import re
import threading

import pytest
from command_runs import succeed
from runs_here import run_here

from shapeseg import terminal
from shapeseg.terminal import progress_bar, progress_lines


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
    said = succeed(run_here("train", *flags, cwd=tmp_path)).stderr.splitlines()
    assert said
    assert all(re.fullmatch(r"training: \d+ of \d+ steps, [\d.e+]+ a second", line) for line in said)
    assert int(said[-1].split()[1]) > 0
    said = succeed(run_here("evaluate", "run", "--split", "all", cwd=tmp_path)).stderr.splitlines()
    assert any(line.startswith("measuring: ") and " of 30 images, " in line for line in said)
