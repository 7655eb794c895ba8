"""Odd surroundings: links, a strict umask, no home, streams that are full, broken or closed, little memory, odd clocks."""

import json
import os
import resource
import subprocess
import sys

import pytest
from command_runs import REPOSITORY, SCRIPTS, environment, error_line, folder_names, run_python, succeed

from shapeseg.datasets import Dataset, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.verify import verify_dataset

DRAW = ("-m", "shapeseg", "generate", "--num-images", 3, "--width", 32, "--height", 32, "--min-size", 6, "--max-size", 14)
MAIN = "from shapeseg.__main__ import main; sys.exit(main(sys.argv[1:]))"


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


@pytest.mark.process
def test_no_home_is_needed(tmp_path):
    model = REPOSITORY / "saved_models/reference/model.keras"
    succeed(run_python("-m", "shapeseg", "doctor", model, cwd=tmp_path, HOME="/nonexistent/home", KERAS_HOME=None))
    assert folder_names(tmp_path) == set()


@pytest.mark.process
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


@pytest.mark.process
def test_a_folder_that_is_gone_is_told(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    arguments = [*map(str, DRAW[2:]), "--out", "out"]
    script = f"import os, sys; os.rmdir({str(gone)!r}); from shapeseg.__main__ import main; sys.exit(main({arguments!r}))"
    result = run_python("-c", script, cwd=gone)
    assert result.returncode == 3
    assert "No such file" in error_line(result.stderr)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The digest of what DRAW draws in ordinary surroundings."""
    place = tmp_path_factory.mktemp("drawn")
    succeed(run_python(*DRAW, "--out", "out", cwd=place))
    return Dataset(place / "out").digest()


@pytest.mark.process
@pytest.mark.parametrize("closed", [(2,), (1, 2), (0, 1, 2)])
def test_closed_streams_change_nothing(closed, drawn, tmp_path):
    def close():
        for stream in closed:
            os.close(stream)

    command = [sys.executable, *map(str, DRAW), "--workers", "2", "--out", "out"]
    assert subprocess.run(command, cwd=tmp_path, preexec_fn=close, check=False).returncode == 0
    assert Dataset(tmp_path / "out").digest() == drawn
    assert verify_dataset(tmp_path / "out") == []


@pytest.mark.process
def test_hash_seeds_threads_and_hidden_devices_change_nothing(drawn, tmp_path):
    changes = {"PYTHONHASHSEED": 7, "OMP_NUM_THREADS": 3, "CUDA_VISIBLE_DEVICES": ""}
    succeed(run_python(*DRAW, "--out", "out", cwd=tmp_path, **changes))
    assert Dataset(tmp_path / "out").digest() == drawn


@pytest.mark.process
@pytest.mark.parametrize("flags", [("-O",), ("-W", "error"), ("-I",)])
def test_switches_of_python_change_nothing(flags, drawn, tmp_path):
    start = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); {MAIN}"
    succeed(run_python(*flags, "-c", start, *DRAW[2:], "--out", "out", cwd=tmp_path))
    assert Dataset(tmp_path / "out").digest() == drawn
    refused = run_python(*flags, "-c", start, *DRAW[2:], "--out", "out", cwd=tmp_path)
    assert refused.returncode == 2  # no check is an assert


@pytest.mark.process
@pytest.mark.parametrize("now", [0.0, 2.0**31 + 1, -1e9])
def test_the_clock_changes_nothing(now, drawn, tmp_path):
    start = f"import sys, time; time.time = lambda: {now}; {MAIN}"
    succeed(run_python("-c", start, *DRAW[2:], "--out", "out", cwd=tmp_path, TZ=None))
    assert Dataset(tmp_path / "out").digest() == drawn


@pytest.mark.process
def test_a_cap_on_epochs_in_the_environment_is_not_heard(small_dataset, tmp_path):
    flags = ("--data", small_dataset, "--epochs", 2, "--widths", 4, "--out", "run")
    caps = {"KERAS_MAX_EPOCHS": 1, "KERAS_MAX_STEPS_PER_EPOCH": 1}
    succeed(run_python(REPOSITORY / "train.py", *flags, cwd=tmp_path, **caps))
    assert len((tmp_path / "run/history.csv").read_text().splitlines()) == 3
    assert json.loads((tmp_path / "run/config.json").read_text())["training"]["epochs"] == 2


def limited(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


@pytest.mark.process
def test_too_little_memory_is_told_and_leaves_nothing(tmp_path):
    huge = ("generate", "--num-images", 1, "--width", 16000, "--height", 16000, "--out", "out")
    command = [sys.executable, "-m", "shapeseg", *map(str, huge)]
    limit = limited(resource.RLIMIT_AS, 700 * 2**20)
    settings = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # each thread reserves memory of its own
    result = subprocess.run(command, cwd=tmp_path, env=settings, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert result.returncode == 8, result.stderr
    assert "out of memory" in error_line(result.stderr)
    assert folder_names(tmp_path) == set()


@pytest.mark.process
def test_few_file_descriptors_are_enough(tmp_path):
    command = [sys.executable, "-m", "shapeseg", *map(str, DRAW[2:]), "--num-images", "200", "--workers", "2", "--out", "out"]
    result = subprocess.run(
        command, cwd=tmp_path, preexec_fn=limited(resource.RLIMIT_NOFILE, 40), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert len(Dataset(tmp_path / "out")) == 200
    assert verify_dataset(tmp_path / "out") == []


@pytest.mark.process
@pytest.mark.parametrize("mebibytes", [60, 200, 300, 380])
@pytest.mark.parametrize(
    "words", [("-m", "shapeseg", "generate", "--help"), *((REPOSITORY / name, "--help") for name in SCRIPTS)]
)
def test_too_little_memory_to_start_is_told(words, mebibytes, tmp_path):
    command = [sys.executable, *map(str, words)]
    limit = limited(resource.RLIMIT_AS, mebibytes * 2**20)
    settings = environment({"OMP_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1})
    result = subprocess.run(command, cwd=tmp_path, env=settings, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert result.returncode == 8, result.stderr
    assert "memory" in error_line(result.stderr)


@pytest.mark.process
def test_too_little_memory_for_keras_is_told_before_it_is_imported(tmp_path):
    command = [sys.executable, "-m", "shapeseg", "doctor", str(REPOSITORY / "saved_models/reference/model.keras")]
    limit = limited(resource.RLIMIT_AS, 800 * 2**20)  # with so much, a library that Keras imports waits for ever
    result = subprocess.run(command, cwd=tmp_path, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert result.returncode == 8, result.stderr
    assert "2,048 MiB" in error_line(result.stderr)


@pytest.mark.process
@pytest.mark.parametrize("unbuffered", [None, 1])
@pytest.mark.parametrize("command", ["--help", "stats", "verify"])
def test_a_reader_who_has_left_is_no_error(command, unbuffered, small_dataset):
    read, write = os.pipe()
    os.close(read)
    words = [command] if command == "--help" else [command, str(small_dataset)]
    with os.fdopen(write, "wb") as broken:
        result = subprocess.run(
            [sys.executable, "-m", "shapeseg", *words],
            stdout=broken,
            stderr=subprocess.PIPE,
            env=environment({"PYTHONUNBUFFERED": unbuffered}),
            check=False,
        )
    assert result.stderr == b""
    assert result.returncode in (0, 4)


@pytest.mark.process
@pytest.mark.parametrize("unbuffered", [None, 1])
@pytest.mark.parametrize("words", [("--help",), ("stats", "--help")])
def test_help_that_cannot_be_written_is_told(words, unbuffered):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        result = subprocess.run(
            [sys.executable, "-m", "shapeseg", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment({"PYTHONUNBUFFERED": unbuffered}),
            text=True,
            check=False,
        )
    assert result.returncode == 4
    assert "No space left" in error_line(result.stderr)
