"""A resumed training equals an uninterrupted one, bit for bit."""

import csv
import json
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, error_line, run_python, succeed
from runs_here import run_here

from shapeseg.datasets import Dataset
from shapeseg.errors import InputError, UsageError
from shapeseg.folders import writer_lock
from shapeseg.models import build  # importing this room registers the layers that plain Keras loads
from shapeseg.training import checkpoint
from shapeseg.training.fit import fit
from shapeseg.training.settings import TrainingSettings

EPOCHS = 4


class Interrupted(Exception):
    """Stands in for whatever ends a training."""


class Interrupt(keras.callbacks.Callback):
    """Ends the training at a batch of an epoch."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise Interrupted


def train(folder, place, settings, resume=None, callbacks=(), max_minutes=None):
    keras.utils.set_random_seed(settings.seed)
    data = Dataset(folder)
    model = build("unet", {"widths": (4, 4)})
    feed = data.split("train").feed(4, labels="codes", shuffle_seed=settings.seed, augmentation=settings.augmented(own=False))
    best = {}

    def save(logs):
        best["weights"], best["val_iou"] = numbers(model), logs["val_iou"]

    place.mkdir(exist_ok=True)
    options = {"save": save, "history": place / "history.csv", "checkpoints": place / "checkpoints", "verbose": 0}
    options |= {"resume": resume, "callbacks": callbacks, "max_minutes": max_minutes}
    rows = fit(model, feed, data.split("val").feed(16, labels="codes"), settings, **options)
    return numbers(model), rows, best


def numbers(model):
    return [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.weights]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


SETTINGS = {
    "linear": TrainingSettings(epochs=EPOCHS),
    "plateau": TrainingSettings(epochs=EPOCHS, schedule="plateau", patience=2, augmentation=("turn", "noise", "paste")),
    "warm-up": TrainingSettings(epochs=EPOCHS, schedule="cosine", warmup_epochs=1.5, clip_norm=0.5, accumulate=2),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_a_resumed_training_equals_an_uninterrupted_one_bit_for_bit(name, small_dataset, tmp_path):
    weights, rows, best = train(small_dataset, tmp_path / "whole", SETTINGS[name])
    for epoch, batch in ((1, 0), (1, 4), (2, 3), (len(rows) - 1, 5)):
        place = tmp_path / f"at {epoch} {batch}"
        with pytest.raises(Interrupted):
            train(small_dataset, place, SETTINGS[name], callbacks=[Interrupt(epoch, batch)])
        np.random.random(7)  # noqa: NPY002 (whatever else ran in between must not matter)
        newest, torn = checkpoint.read_newest(place / "checkpoints")
        assert (newest.epoch, torn) == (epoch, [])
        newest.state["callbacks"] = newest.state["callbacks"][:3] + newest.state["callbacks"][4:]  # without the interrupter's
        again, again_rows, again_best = train(small_dataset, place, SETTINGS[name], resume=newest)
        assert same(again, weights)
        assert again_rows == rows
        if again_best:  # the best epoch may lie before the interruption
            assert same(again_best["weights"], best["weights"])
        with (place / "history.csv").open() as file:
            assert [int(row["epoch"]) for row in csv.DictReader(file)] == list(range(1, len(rows) + 1))


@pytest.mark.slow
def test_a_resume_may_set_a_limit_of_time_or_lift_it(small_dataset, tmp_path):
    settings = TrainingSettings(epochs=3)
    weights, rows, _ = train(small_dataset, tmp_path / "whole", settings)
    for first, then in ((None, 1e-9), (1000, None)):
        place = tmp_path / f"{first} then {then}"
        with pytest.raises(Interrupted):
            train(small_dataset, place, settings, callbacks=[Interrupt(1, 0)], max_minutes=first)
        newest, _ = checkpoint.read_newest(place / "checkpoints")
        newest.state["callbacks"] = newest.state["callbacks"][:3]  # without the interrupter's
        again, again_rows, _ = train(small_dataset, place, settings, resume=newest, max_minutes=then)
        if then is None:
            assert same(again, weights)
            assert again_rows == rows
        else:
            assert len(again_rows) == 2  # the time is up at the end of the epoch


def test_a_resume_without_a_callback_that_was_there_is_refused(small_dataset, tmp_path):
    settings = TrainingSettings(epochs=2)
    with pytest.raises(Interrupted):
        train(small_dataset, tmp_path, settings, callbacks=[Interrupt(1, 0)])
    newest, _ = checkpoint.read_newest(tmp_path / "checkpoints")
    with pytest.raises(UsageError, match=r"Received: 3 callbacks, begun with 4\."):
        train(small_dataset, tmp_path, settings, resume=newest)


def test_a_torn_checkpoint_is_passed_over_and_all_torn_is_an_error(small_dataset, tmp_path):
    train(small_dataset, tmp_path / "run", TrainingSettings(epochs=3))
    folder = tmp_path / "run" / "checkpoints"
    newest = sorted(folder.iterdir())[-1]
    assert [path.name for path in sorted(folder.iterdir())] == ["epoch-00002.npz", "epoch-00003.npz"]
    newest.write_bytes(newest.read_bytes()[:-1000])
    found, torn = checkpoint.read_newest(folder)
    assert (found.epoch, torn) == (2, [newest])
    sorted(folder.iterdir())[0].write_bytes(b"")
    with pytest.raises(InputError, match="no checkpoint is whole"):
        checkpoint.read_newest(folder)
    assert checkpoint.read_newest(tmp_path) == (None, [])


def arrays(run):
    model = keras.saving.load_model(run / "model.keras", compile=False)
    return numbers(model)


@pytest.mark.process
def test_kill_and_resume_of_the_real_command(small_dataset, tmp_path):
    arguments = ["--data", small_dataset, "--epochs", 6, "--widths", 4, 4, "--seed", 3]
    succeed(run_here("train", *arguments, "--out", "whole", cwd=tmp_path))
    command = [sys.executable, REPOSITORY / "train.py", *arguments, "--out", "killed"]
    process = subprocess.Popen(list(map(str, command)), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not list((tmp_path / "killed").glob("checkpoints/epoch-*.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    other = run_here("train", *arguments[:-1], 4, "--out", "killed", "--resume", cwd=tmp_path)
    assert other.returncode == 2
    assert "training.seed: begun with 3, now 4" in other.stderr
    with writer_lock(tmp_path / "killed/checkpoints"):  # as one that goes on with it holds it
        busy = run_here("train", *arguments, "--out", "killed", "--resume", cwd=tmp_path)
    assert busy.returncode == 5
    assert error_line(busy.stderr)
    succeed(run_here("train", *arguments, "--out", "killed", "--resume", cwd=tmp_path))
    assert same(arrays(tmp_path / "killed"), arrays(tmp_path / "whole"))
    cards = [json.loads((tmp_path / name / "model.json").read_text()) for name in ("killed", "whole")]
    assert cards[0]["scores"] == cards[1]["scores"]
    assert cards[0]["threshold"] == cards[1]["threshold"]
    again = succeed(run_here("train", *arguments, "--out", "killed", "--resume", cwd=tmp_path))
    assert "nothing to do" in again.stdout


@pytest.mark.process
def test_a_kill_between_the_last_epoch_and_the_end_of_the_run_costs_nothing(small_dataset, tmp_path):
    arguments = ["--data", small_dataset, "--epochs", 2, "--widths", 4, 4]
    succeed(run_here("train", *arguments, "--out", "whole", cwd=tmp_path))
    kill = (
        "import os, sys; from shapeseg.workflows import train_report; train_report.finish = lambda *_: os.kill(os.getpid(), 9)"
    )
    start = f"{kill}; from shapeseg.commands.train import main; sys.exit(main(sys.argv[1:]))"
    killed = run_python("-c", start, *arguments, "--out", "killed", cwd=tmp_path)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "killed" / "checkpoints").exists()
    assert not (tmp_path / "killed" / "samples.png").exists()
    for name in ("config.json", "train_images.txt"):  # as if it had been killed at the beginning, too
        (tmp_path / "killed" / name).unlink()
    succeed(run_here("train", *arguments, "--out", "killed", "--resume", cwd=tmp_path))
    assert same(arrays(tmp_path / "killed"), arrays(tmp_path / "whole"))
    names = [{path.name for path in (tmp_path / run).iterdir()} for run in ("killed", "whole")]
    assert names[0] == names[1]
