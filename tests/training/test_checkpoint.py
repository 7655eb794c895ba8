import io
import json
import random
import zipfile

import keras
import numpy as np
import pytest
from checkpoint_states import state

from shapeseg.errors import InputError
from shapeseg.models import build
from shapeseg.training.checkpoint import capture, read_newest, restore, write

IMAGES = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (2, 8, 8, 3), np.uint8)


def trained(steps, seed):
    keras.utils.set_random_seed(seed)
    model = build("unet", {"widths": (4,)})
    model.compile(optimizer="adam", loss="mse")
    for _ in range(steps):
        model.train_on_batch(IMAGES, IMAGES[..., :1] / 255)
    return model


def numbers(model):
    """All that a step of the training depends on and changes: weights, and what the optimiser remembers."""
    return [np.array(keras.ops.convert_to_numpy(each)) for each in (*model.weights, *model.optimizer.variables)]


def drawn():
    return random.random(), np.random.random(), float(keras.random.uniform(()))  # noqa: NPY002 (others may draw from it)


def test_a_restored_training_has_every_number_and_draws_the_same_next(tmp_path):
    model = trained(steps=3, seed=0)
    write(tmp_path, capture(model, 3, state(3)))
    before, expected = numbers(model), drawn()
    checkpoint, _ = read_newest(tmp_path)
    assert (checkpoint.epoch, checkpoint.state["history"]) == (3, state(3)["history"])
    other = trained(steps=1, seed=1)
    restore(other, checkpoint)
    assert drawn() == expected
    assert all(np.array_equal(old, new) for old, new in zip(before, numbers(other), strict=True))


WRONG_STATES = [
    {"epoch": 0},
    {"epoch": True},
    {"epoch": "1"},
    {"epoch": 2},
    {"history": None},
    {"history": [{"epoch": 1}]},
    {"history": [{"epoch": 1, "val_iou": "high"}]},
    {"history": [{"epoch": 1, "val_iou": 10**400}]},
    {"callbacks": [{"wait": "long"}]},
    {"callbacks": 3},
    {"stopped": 1},
    {"python_random": None},
    {"more": 1},
]


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path, content, packed=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, data in content.items():
            archive.writestr(name, data)


def array(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def with_state(content, changes):
    now = json.loads(np.load(io.BytesIO(content["state.npy"])).tobytes()) | changes
    return content | {"state.npy": array(np.frombuffer(json.dumps(now).encode(), np.uint8))}


@pytest.fixture
def written(tmp_path):
    write(tmp_path, capture(trained(steps=1, seed=0), 1, state(1)))
    return tmp_path / "epoch-00001.npz"


def refused(path):
    with pytest.raises(InputError, match="no checkpoint is whole"):
        read_newest(path.parent)


@pytest.mark.parametrize("changes", WRONG_STATES, ids=str)
def test_a_state_with_a_wrong_value_is_torn(changes, written):
    pack(written, with_state(members(written), changes))
    refused(written)


@pytest.mark.parametrize("name", ["epoch", "history", "callbacks", "stopped", "python_random"])
def test_a_state_without_a_value_is_torn(name, written):
    content = members(written)
    now = json.loads(np.load(io.BytesIO(content["state.npy"])).tobytes())
    del now[name]
    pack(written, content | {"state.npy": array(np.frombuffer(json.dumps(now).encode(), np.uint8))})
    refused(written)


def test_an_array_that_says_it_is_vast_is_torn_before_memory_is_taken(written):
    content = members(written)
    vast = (
        b"\x93NUMPY\x01\x00\x76\x00"
        + b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,), }".ljust(117)
        + b"\n"
    )
    for bad in (vast, b"", b"\x93NUMPY", array(np.zeros(3))[:-1], array(np.zeros(3)) + b"x"):
        pack(written, content | {"model/0.npy": bad})
        refused(written)


def test_packed_members_are_torn(written):
    pack(written, members(written) | {"more.npy": array(np.zeros(10**6))}, zipfile.ZIP_DEFLATED)
    refused(written)


@pytest.mark.parametrize("name", ["model/0", "optimizer/0", "random/numpy", "random/numpy_rest", "random/torch"])
@pytest.mark.parametrize("value", [None, np.zeros(7), np.array(["text"])], ids=["missing", "another shape", "text"])
def test_arrays_of_another_network_are_missing_input(name, value, written):
    checkpoint, _ = read_newest(written.parent)
    if value is None and name == "random/torch":
        pytest.skip("a checkpoint of another backend has none")
    checkpoint.arrays.pop(name)
    if value is not None:
        checkpoint.arrays[name] = value
    model = trained(steps=1, seed=1)
    before = numbers(model)
    with pytest.raises(InputError, match="the checkpoint"):
        restore(model, checkpoint)
    assert all(np.array_equal(old, new) for old, new in zip(before, numbers(model), strict=True))


def test_links_are_neither_read_nor_removed(written):
    other = written.parent / "other"
    other.mkdir()
    kept = written.rename(other / written.name)
    for epoch in range(4):
        (written.parent / f"epoch-0000{epoch}.npz").symlink_to(kept)
    assert read_newest(written.parent) == (None, [])
    write(written.parent, capture(trained(steps=1, seed=0), 5, state(5)))
    assert len(list(written.parent.glob("epoch-*.npz"))) == 5
