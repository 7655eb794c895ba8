"""Two processes with half a batch each must end where one with the whole batch ends."""

import json

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, run_python, run_script, succeed

import shapeseg.models  # noqa: F401 (registers the layers that plain Keras loads)
from shapeseg.datasets import create_dataset


@pytest.mark.parametrize("loss", ["bce", "bce+dice"])
def test_two_processes_train_the_same_weights_as_one(loss, small_settings, tmp_path):
    create_dataset(tmp_path / "data", num_images=100, seed=1, settings=small_settings)
    # 72 images to train on: 9 steps an epoch, 27 in all. A low rate: Adam makes steps of a full rate
    # of gradients that are nothing but rounding, so that at 1e-3 single weights end 1e-4 apart.
    arguments = ["--data", "data", "--epochs", 3, "--widths", 4, 6, "--batch-size", 8, "--learning-rate", 2e-5, "--loss", loss]
    # One thread each: another number of threads adds up in another order, and Adam makes much of a gradient of nearly nothing.
    succeed(run_script("train.py", *arguments, "--out", "one", cwd=tmp_path, OMP_NUM_THREADS="1"))
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2, REPOSITORY / "train.py"]
    succeed(run_python(*torchrun, *arguments, "--out", "two", cwd=tmp_path, OMP_NUM_THREADS="1"))
    one, two = (keras.saving.load_model(tmp_path / name / "model.keras", compile=False) for name in ("one", "two"))
    for a, b in zip(one.weights, two.weights, strict=True):
        difference = np.abs(keras.ops.convert_to_numpy(a) - keras.ops.convert_to_numpy(b)).max()
        assert difference <= 1e-5, (a.path, difference)
    scores = [json.loads((tmp_path / name / "model.json").read_text())["scores"] for name in ("one", "two")]
    assert scores[0]["iou"] == pytest.approx(scores[1]["iou"], abs=1e-3)
