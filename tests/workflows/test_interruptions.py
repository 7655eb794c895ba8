"""Signals and kills: nothing half done is left under its name, no worker lives on, and what was saved stays good."""

import os
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import keras
import pytest
from command_runs import (
    HANG,
    REPOSITORY,
    SMALL,
    command_line,
    descendants,
    error_line,
    folder_names,
    run_script,
    running,
    succeed,
)

from shapeseg.datasets import Dataset
from shapeseg.models import load_model
from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc"),
]


def wait_until(true):
    deadline = time.monotonic() + HANG
    while not true():
        assert time.monotonic() < deadline, "hung"
        time.sleep(0.02)


def start(folder, script, *arguments, awaited):
    """Starts a script in a process group of its own, and returns it when a file that matches ``awaited`` is there."""
    process = subprocess.Popen(
        [sys.executable, str(REPOSITORY / script), *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: process.poll() is not None or any(folder.glob(awaited)))
    assert process.poll() is None, process.communicate()
    return process


def start_drawing(folder, workers, images=600):
    """Starts a long drawing, and returns it when so many images are there; at 600 every worker is at work."""
    flags = ("--out", "d", "--num-images", 10**5, "--workers", workers, *SMALL)
    return start(folder, "generate_data.py", *flags, awaited=f"*/images/{images - 1:06d}.png")


def finish(process, limit=HANG):
    """Waits until a process ends, and returns what it wrote to stderr."""
    try:
        return process.communicate(timeout=limit)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        pytest.fail(f"it hung for {limit} seconds")


def check_interruption(process, number, code):
    below = descendants(process.pid)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: workers hear it too
    else:
        process.send_signal(number)
    stderr = finish(process)
    assert process.returncode == code
    assert error_line(stderr)
    wait_until(lambda: not running(below))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGINT, 130)])
def test_an_interrupted_drawing_says_so_and_ends_its_workers(number, code, workers, tmp_path):
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip("the tests run under nohup, which commands inherit")
    check_interruption(start_drawing(tmp_path, workers), number, code)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_drawing_leaves_nothing(workers, tmp_path):
    check_interruption(start_drawing(tmp_path, workers), signal.SIGTERM, 143)
    assert folder_names(tmp_path) == set()


def test_an_interruption_while_workers_start_is_one_line_too(tmp_path):
    check_interruption(start_drawing(tmp_path, 2, images=1), signal.SIGINT, 130)


def test_a_second_interruption_during_the_clean_up_leaves_no_dataset_and_no_workers(tmp_path):
    process = start_drawing(tmp_path, 2)
    below = descendants(process.pid)
    for _ in range(3):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.01)
    finish(process)
    assert process.returncode in (130, -signal.SIGINT)
    assert not (tmp_path / "d").exists()
    wait_until(lambda: not running(below))
    succeed(run_script("generate_data.py", "--out", "d", "--num-images", 3, *SMALL, cwd=tmp_path))
    assert folder_names(tmp_path) == {"d"}  # what the first left is gone


def test_a_drawing_whose_messages_nobody_reads_any_more_ends_clean(tmp_path):
    process = start_drawing(tmp_path, 2)
    below = descendants(process.pid)
    process.stderr.close()
    process.stderr = None
    process.send_signal(signal.SIGTERM)  # the one line that it then writes meets a broken pipe
    process.communicate(timeout=HANG)
    assert process.returncode == 143
    assert folder_names(tmp_path) == set()
    wait_until(lambda: not running(below))


def test_a_killed_drawing_leaves_no_dataset_and_no_workers_and_can_be_run_again(tmp_path):
    process = start_drawing(tmp_path, 2)
    below = descendants(process.pid)
    assert below
    process.kill()
    finish(process)
    assert not (tmp_path / "d").exists()
    wait_until(lambda: not running(below))
    succeed(run_script("generate_data.py", "--out", "d", "--num-images", 3, *SMALL, cwd=tmp_path))
    assert len(Dataset(tmp_path / "d")) == 3


def test_a_worker_that_dies_while_it_answers_is_told_and_leaves_nothing(tmp_path):
    """While the parent is stopped its workers fill their pipes, so that each is killed in the middle of a message."""
    process = start_drawing(tmp_path, 2)
    process.send_signal(signal.SIGSTOP)
    written = -1
    while written != (written := sum(1 for _ in tmp_path.glob("*/images/*.png"))):
        time.sleep(0.5)
    below = descendants(process.pid)
    workers = [each for each in below if b"forkserver" in command_line(each) and not descendants(each)]
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    process.send_signal(signal.SIGCONT)
    stderr = finish(process, limit=30)
    assert process.returncode == 8, stderr
    assert "worker" in error_line(stderr)
    assert folder_names(tmp_path) == set()
    wait_until(lambda: not running(below))


def test_an_interrupted_training_keeps_its_best_model(small_dataset, tmp_path):
    flags = ("--data", small_dataset, "--epochs", 10**6, "--patience", 10**6, "--widths", 4, "--out", "run")
    process = start(tmp_path, "train.py", *flags, awaited="run/model.keras")
    process.send_signal(signal.SIGTERM)
    stderr = finish(process)
    assert process.returncode == 143, stderr
    assert error_line(stderr)
    assert {name for name in folder_names(tmp_path / "run") if "tmp" in name} == set()
    load_model(tmp_path / "run/model.keras")


class InterruptInACleanUp(keras.callbacks.Callback):
    """Interrupts in the call of a weak reference, out of which Python lets no exception."""

    def on_epoch_begin(self, epoch, logs=None):
        thing = InterruptInACleanUp()
        self.reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
        del thing


def test_an_interruption_that_a_clean_up_would_swallow_is_heard_before_the_next_batch(small_dataset, tmp_path):
    options = TrainOptions(data=small_dataset, widths=(4,), out=tmp_path / "run", training=TrainingSettings(epochs=1))
    with pytest.raises(KeyboardInterrupt):
        train(options, callbacks=[InterruptInACleanUp()])
    assert not (tmp_path / "run/model.keras").exists()
