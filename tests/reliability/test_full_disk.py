"""A disk that is full: a limit on the size of files stands in for it, so that the system itself refuses the write."""

import resource
from contextlib import contextmanager

import keras
import numpy as np
import pytest
from checkpoint_states import state

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.verify import verify_dataset
from shapeseg.models import Architecture, Card, build, load_model, save_model
from shapeseg.scenes import SceneSettings
from shapeseg.training import checkpoint

SETTINGS = DatasetSettings(SceneSettings(width=32, height=32, min_instances=2, max_instances=3, min_size=6, max_size=14))
ARCHITECTURE = Architecture("unet", {"widths": [2]})


@contextmanager
def largest_file(size):
    """Lets no file grow beyond ``size`` bytes while the block runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 50, 700, 2000])
def test_a_dataset_that_does_not_fit_is_not_there(size, tmp_path):
    with largest_file(size), pytest.raises(OSError, match="too large"):
        create_dataset(tmp_path / "out", num_images=9, seed=2, settings=SETTINGS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 50, 2000, 5000])
def test_an_append_that_does_not_fit_leaves_the_dataset_as_it_was(size, tmp_path):
    create_dataset(tmp_path / "data", num_images=9, seed=2, settings=SETTINGS)
    with largest_file(size), pytest.raises(OSError, match="too large"):
        append_samples(tmp_path / "data", num_images=4)
    assert [finding for finding in verify_dataset(tmp_path / "data") if finding.severity == "error"] == []
    assert len(Dataset(tmp_path / "data")) == 9
    append_samples(tmp_path / "data", num_images=4)
    assert len(Dataset(tmp_path / "data")) == 13
    assert verify_dataset(tmp_path / "data") == []


def test_a_model_that_does_not_fit_leaves_the_one_before(tmp_path):
    path, model = tmp_path / "model.keras", build(ARCHITECTURE.name, ARCHITECTURE.settings)
    save_model(model, path, Card(ARCHITECTURE))
    before = path.read_bytes()
    other = build(ARCHITECTURE.name, ARCHITECTURE.settings)
    for size in range(0, len(before), len(before) // 12):
        with largest_file(size), pytest.raises(OSError, match=r"."):
            save_model(other, path, Card(ARCHITECTURE))
        assert path.read_bytes() == before
        assert sorted(each.name for each in tmp_path.iterdir()) == ["model.json", "model.keras"]
        loaded = load_model(path)
        assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True))


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(tmp_path):
    model = build(ARCHITECTURE.name, ARCHITECTURE.settings)
    model.compile(optimizer=keras.optimizers.Adam())
    model.optimizer.build(model.trainable_variables)
    checkpoint.write(tmp_path / "checkpoints", checkpoint.capture(model, 1, state(1)))
    for size in (0, 1000, 20_000):
        with largest_file(size), pytest.raises(OSError, match="too large"):
            checkpoint.write(tmp_path / "checkpoints", checkpoint.capture(model, 2, state(2)))
        newest, torn = checkpoint.read_newest(tmp_path / "checkpoints")
        assert (newest.epoch, torn) == (1, [])
        assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["epoch-00001.npz"]
