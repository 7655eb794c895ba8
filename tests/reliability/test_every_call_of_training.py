"""A fault at every single call to the disk while a model or a checkpoint is saved: the one before it stays usable."""

import shutil

import keras
import numpy as np
import pytest
from checkpoint_states import state
from failing_disk import FAULTS, every_call

from shapeseg import files
from shapeseg.models import Architecture, Card, build, load_model, read_card, save_model
from shapeseg.training import checkpoint

ARCHITECTURE = Architecture("unet", {"widths": [2]})


def new_model(seed):
    keras.utils.set_random_seed(seed)
    return build(ARCHITECTURE.name, ARCHITECTURE.settings)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


@pytest.fixture(scope="module")
def models():
    return new_model(1), new_model(2)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_is_the_old_one_or_the_new_one_and_its_card_knows_it(fault, models, tmp_path):
    old, new = models
    (tmp_path / "first").mkdir()
    save_model(old, tmp_path / "first" / "model.keras", Card(ARCHITECTURE))

    def prepare(place):
        return shutil.copytree(tmp_path / "first", place / "run") / "model.keras"

    for path, failure in every_call(lambda path: save_model(new, path, Card(ARCHITECTURE)), prepare, fault, tmp_path):
        found = load_model(path)
        assert same(found, new) or (failure and same(found, old))
    save_model(new, path, Card(ARCHITECTURE))
    assert same(load_model(path), new)
    assert read_card(path).previous_sha256


@pytest.mark.parametrize("fault", FAULTS)
def test_the_newest_whole_checkpoint_is_used(fault, tmp_path):
    def at(epoch):
        return checkpoint.Checkpoint(epoch, {"weights": np.full(1000, epoch)}, state(epoch))

    def prepare(place):
        for epoch in (1, 2):
            checkpoint.write(place / "checkpoints", at(epoch))
        return place / "checkpoints"

    for folder, failure in every_call(lambda folder: checkpoint.write(folder, at(3)), prepare, fault, tmp_path):
        newest, torn = checkpoint.read_newest(folder)
        assert torn == []
        assert newest.epoch == 3 or (failure and newest.epoch == 2)
        assert newest.state == state(newest.epoch)
        assert np.array_equal(newest.arrays["weights"], np.full(1000, newest.epoch))
        checkpoint.write(folder, at(3))
        assert checkpoint.read_newest(folder)[0].epoch == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_text_is_the_old_one_or_the_new_one(fault, tmp_path):
    def prepare(place):
        files.write_text(place / "history.csv", "old")
        return place / "history.csv"

    for path, failure in every_call(lambda path: files.write_text(path, "new"), prepare, fault, tmp_path):
        assert path.read_text() == "new" or (failure and path.read_text() == "old")
