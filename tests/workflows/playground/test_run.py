"""The command: what it opens, what it prints, and how it ends."""

import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from command_runs import HANG, REPOSITORY, environment, error_line, folder_names
from runs_here import run_here

from shapeseg.inference.export import export_contents
from shapeseg.workflows.playground.run import opened_model
from shapeseg.workflows.playground.settings import PlaygroundOptions


@contextmanager
def playing(*words, cwd, home):
    """Runs the command in a process of its own; yields the process, the address that it printed, and all that it said."""
    command = [sys.executable, "-m", "shapeseg", "playground", "--no-open", *map(str, words)]
    changed = environment({"PYTHONPATH": REPOSITORY, "HOME": home})
    with subprocess.Popen(command, cwd=cwd, env=changed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = [process.stdout.readline() for _ in range(3)]
            yield process, re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said[1])[0], said
        finally:
            process.kill()


@pytest.mark.process
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_until_it_is_interrupted_and_writes_nothing(
    number, code, tiny_run, small_dataset, tmp_path, tmp_path_factory
):
    shutil.copytree(small_dataset, tmp_path / "data/shapes")
    shutil.copytree(tiny_run, tmp_path / "saved_models/tiny")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with playing(cwd=tmp_path, home=tmp_path_factory.mktemp("home")) as (process, address, said):
        assert said[0] == "saved_models/tiny/model.keras and data/shapes\n"
        assert said[2] == "Ctrl-C ends it\n"
        page = urlopen(address).read().decode()
        assert "saved_models/tiny/model.keras, run by keras" in page
        process.send_signal(number)
        _, told = process.communicate(timeout=HANG)
    assert process.returncode == code
    assert len(told.splitlines()) == 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_without_tornado_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tornado", None)
    result = run_here("playground", "--no-open", cwd=tmp_path)
    assert result.returncode == 2
    assert error_line(result.stderr) == (
        "error: playground needs packages that are not installed. Received: no tornado. Run: pip install tornado."
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 3, "train.py"),
        (("nowhere.keras",), 3, "nowhere.keras"),
        (("--port", 65536), 2, "port=65536"),
        (("--seed", -1), 2, "seed=-1"),
        (("model.keras", "--runtime", "onnx"), 2, "onnx does not run such files"),
    ],
)
def test_a_mistake_is_one_line_with_its_exit_code(words, code, said, tmp_path):
    result = run_here("playground", "--no-open", *words, cwd=tmp_path)
    assert result.returncode == code
    assert said in error_line(result.stderr)
    assert folder_names(tmp_path) == set()


def test_data_that_are_not_there_are_told(tiny_run, tmp_path):
    result = run_here("playground", tiny_run, "--data", "nowhere", "--no-open", cwd=tmp_path)
    assert result.returncode == 3
    assert "nowhere" in error_line(result.stderr)


@pytest.mark.slow
def test_the_file_says_what_runs_it(tiny_run, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    assert opened_model(PlaygroundOptions(model=tiny_run)).runtime == "keras"
    opened = opened_model(PlaygroundOptions(model=tiny_run / "model.keras", runtime="keras"))
    path = tmp_path / "model.onnx"
    path.write_bytes(export_contents(opened.predictor, "onnx", stride=opened.stride)[".onnx"])
    assert opened_model(PlaygroundOptions(model=path, trust_model=True)).runtime == "onnx"
