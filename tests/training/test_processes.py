"""Two processes on torch, or two devices on jax, with half a batch each must end where one with the whole batch ends."""

import json
import socket
from contextlib import ExitStack

import keras
import numpy as np
import pytest
from command_runs import COMPILE_QUICKLY, REPOSITORY, run_python, run_script, succeed
from runs_here import run_here

import shapeseg.models  # noqa: F401 (registers the layers that plain Keras loads)
from shapeseg.datasets import create_dataset

pytestmark = pytest.mark.process


def same_within(tolerance, *runs):
    """Whether two runs ended with the same weights."""
    one, two = (keras.saving.load_model(run / "model.keras", compile=False) for run in runs)
    for a, b in zip(one.weights, two.weights, strict=True):
        difference = np.abs(keras.ops.convert_to_numpy(a) - keras.ops.convert_to_numpy(b)).max()
        assert difference <= tolerance, (a.path, difference)
    scores = [json.loads((run / "model.json").read_text())["scores"] for run in runs]
    assert scores[0]["iou"] == pytest.approx(scores[1]["iou"], abs=1e-3)


LOSSES = ("bce", "bce+dice", "boundary", "tversky")
# 72 images to train on: 9 steps an epoch, 27 in all. A low rate: Adam makes steps of a full rate
# of gradients that are nothing but rounding, so that at 1e-3 single weights end 1e-4 apart.
ARGUMENTS = ("--data", "data", "--epochs", 3, "--widths", 4, 6, "--batch-size", 8, "--learning-rate", 2e-5)
# Trains with every loss, one after another, so that each of the two processes starts once. They meet at a port of its own for
# each training, as torchrun's own store still holds the addresses of the one before.
TRAIN_EACH = """
import json, os, sys
from shapeseg.__main__ import main

os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "False"
for loss, port in json.loads(sys.argv[1]).items():
    os.environ["MASTER_PORT"] = str(port)
    if code := main(["train", *sys.argv[2:], "--loss", loss, "--out", f"two {loss}"]):
        sys.exit(code)
"""


def free_ports(count):
    """Returns numbers of ports that nobody listens at."""
    with ExitStack() as open_together:
        sockets = [open_together.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="module")
def by_two(small_settings, tmp_path_factory):
    """A folder with a dataset, and a run of two processes for each loss."""
    place = tmp_path_factory.mktemp("processes")
    create_dataset(place / "data", num_images=100, seed=1, settings=small_settings)
    (place / "train_each.py").write_text(TRAIN_EACH)
    ports = json.dumps(dict(zip(LOSSES, free_ports(len(LOSSES)), strict=True)))
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2, "train_each.py", ports)
    succeed(run_python(*torchrun, *ARGUMENTS, cwd=place, PYTHONPATH=REPOSITORY, OMP_NUM_THREADS="1"))
    return place


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("loss", LOSSES)
def test_two_processes_train_the_same_weights_as_one(loss, by_two, tmp_path):
    # One thread each: another number of threads adds up in another order, and Adam makes much of a gradient of nearly nothing.
    succeed(run_here("train", *ARGUMENTS, "--loss", loss, "--out", tmp_path / "one", cwd=by_two))
    same_within(1e-5, tmp_path / "one", by_two / f"two {loss}")


# Prints how two batches lie on the devices: which rows each device holds.
LIE = """
import os; os.environ["KERAS_BACKEND"] = "jax"
import jax, json, keras, numpy
from shapeseg.training.processes import join_processes, leave_processes

processes = join_processes()
layouts = [keras.distribution.distribution().get_data_layout((size, 5)) for size in (8, 7)]
batches = [jax.device_put(numpy.zeros((size, 5)), layout.backend_layout) for size, layout in zip((8, 7), layouts)]
rows = [[shard.data.shape[0] for shard in batch.addressable_shards] for batch in batches]
leave_processes(processes)
print(json.dumps([processes.devices, rows, keras.distribution.distribution() is None]))
"""
ONE_DEVICE = {"KERAS_BACKEND": "jax", "XLA_FLAGS": COMPILE_QUICKLY}
TWO_DEVICES = {"KERAS_BACKEND": "jax", "XLA_FLAGS": f"{COMPILE_QUICKLY} --xla_force_host_platform_device_count=2"}


def test_jax_shares_a_batch_among_its_devices_and_gives_an_odd_one_whole_to_each(tmp_path):
    pytest.importorskip("jax")
    result = succeed(run_python("-c", LIE, cwd=tmp_path, PYTHONPATH=REPOSITORY, **TWO_DEVICES))
    assert json.loads(result.stdout) == [2, [[4, 4], [7, 7]], True]


def test_two_devices_of_jax_train_the_same_weights_as_one(small_settings, tmp_path):
    pytest.importorskip("jax")
    # 27 images to validate on: a batch that both devices could share, and one that they cannot.
    create_dataset(tmp_path / "data", num_images=300, seed=1, settings=small_settings)
    arguments = ["--data", "data", "--train-images", 72, "--epochs", 3, "--widths", 4, 6]
    arguments += ["--batch-size", 8, "--learning-rate", 2e-5]
    one = succeed(run_script("train.py", *arguments, "--out", "one", cwd=tmp_path, **ONE_DEVICE))
    two = succeed(run_script("train.py", *arguments, "--out", "two", cwd=tmp_path, **TWO_DEVICES))
    assert "on jax, into" in one.stdout
    assert "on jax, 2 devices, into" in two.stdout
    same_within(1e-5, tmp_path / "one", tmp_path / "two")


# Each of two processes ends an epoch; only the second one's time is up. Prints whether each stops.
STOP = """
import os; os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
from types import SimpleNamespace
from shapeseg.training.callbacks import Checkpoints, StopAfter, WriteHistory
from shapeseg.training.processes import join_processes, leave_processes

processes = join_processes()
model = SimpleNamespace(stop_training=False)
clock = StopAfter(0.0 if processes.rank else None)
for callback in (clock, Checkpoints(None, WriteHistory(None), [clock], None)):
    callback.set_model(model)
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0)
leave_processes(processes)
print(processes.rank, model.stop_training, flush=True)
"""


def test_all_processes_stop_when_the_time_of_one_is_up(tmp_path):
    (tmp_path / "stop.py").write_text(STOP)
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2, "stop.py")
    result = succeed(run_python(*torchrun, cwd=tmp_path, PYTHONPATH=REPOSITORY, OMP_NUM_THREADS="1"))
    assert sorted(result.stdout.splitlines()) == ["0 True", "1 True"]
