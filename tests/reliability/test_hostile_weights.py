"""Weights made to do harm: each is refused, and nothing outside the model's file is opened or written."""

import io
import os

import h5py
import keras
import numpy as np
import pytest
from command_runs import error_line
from little_memory import little_memory
from model_archives import WEIGHTS, edit_card, members, pack
from runs_here import run_here

from shapeseg.errors import ModelRefusedError
from shapeseg.models import Architecture, Card, build, load_model, save_model


def change_weights(path, change):
    """Lets ``change(file)`` edit the weights as HDF5, and packs them again."""
    content = members(path)
    buffer = io.BytesIO(content[WEIGHTS])
    with h5py.File(buffer, "r+") as weights:
        change(weights)
    pack(path, (content | {WEIGHTS: buffer.getvalue()}).items())


def first_array(weights):
    found = []
    weights.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found[0]


def replaced(make):
    """Returns a change that puts ``make(weights, name, shape)`` in the place of the first array."""

    def change(weights):
        name = first_array(weights)
        shape = weights[name].shape
        del weights[name]
        make(weights, name, shape)

    return change


def external_link(outside):
    return replaced(lambda weights, name, shape: weights.__setitem__(name, h5py.ExternalLink(str(outside), "/secret")))


def soft_link(outside):
    return replaced(lambda weights, name, shape: weights.__setitem__(name, h5py.SoftLink("/elsewhere")))


def external_storage(outside):
    def make(weights, name, shape):
        weights.create_dataset(name, shape, "float32", external=[(str(outside), 0, h5py.h5f.UNLIMITED)])

    return replaced(make)


def virtual_dataset(outside):
    def make(weights, name, shape):
        layout = h5py.VirtualLayout(shape, "float32")
        layout[...] = h5py.VirtualSource(str(outside), "secret", shape)
        weights.create_virtual_dataset(name, layout)

    return replaced(make)


def huge_shape(outside):
    return replaced(lambda weights, name, shape: weights.create_dataset(name, (2**40,), "float32", chunks=(2**10,)))


def huge_plain_shape(outside):
    def make(weights, name, shape):
        space = h5py.h5s.create_simple((2**38,))
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
        layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        parent, _, last = name.rpartition("/")
        h5py.h5d.create(weights[parent].id, last.encode(), h5py.h5t.IEEE_F32LE, space, layout)

    return replaced(make)


def packed_array(outside):
    def make(weights, name, shape):
        weights.create_dataset(name, data=np.zeros(shape, np.float32), compression="gzip", chunks=shape)

    return replaced(make)


def other_shape(outside):
    return replaced(lambda weights, name, shape: weights.create_dataset(name, data=np.zeros((2, *shape), np.float32)))


def other_type(outside):
    return replaced(lambda weights, name, shape: weights.create_dataset(name, data=np.zeros(shape, np.float64)))


def words(outside):
    return replaced(lambda weights, name, shape: weights.create_dataset(name, data="text", dtype=h5py.string_dtype()))


def not_finite(outside):
    return lambda weights: weights[first_array(weights)].__setitem__(..., np.nan)


def one_more(outside):
    return lambda weights: weights.create_dataset("more", data=np.zeros(3, np.float32))


HOSTILE_WEIGHTS = [
    *(external_link, soft_link, external_storage, virtual_dataset, huge_shape, huge_plain_shape, packed_array),
    *(other_shape, other_type, words, not_finite, one_more),
]


@pytest.mark.parametrize("hostile", HOSTILE_WEIGHTS, ids=lambda hostile: hostile.__name__)
def test_hostile_weights_are_refused(hostile, path, tmp_path):
    outside = tmp_path / "outside.h5"
    with h5py.File(outside, "w") as file:
        file["secret"] = np.zeros((6, 6, 3, 2), np.float32)
    os.utime(outside, ns=(0, 0))
    change_weights(path, hostile(outside))
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)
    assert outside.stat().st_atime_ns == 0  # it was not even read
    assert outside.stat().st_mtime_ns == 0


def test_the_command_tells_it_in_one_line(path, small_dataset, tmp_path):
    change_weights(path, external_link(tmp_path / "outside.h5"))
    result = run_here("evaluate", path, "--data", small_dataset, cwd=tmp_path)
    assert result.returncode == 6
    assert "link out of its place" in error_line(result.stderr)


GROWN = {5: 1024, 7: 1024, 12: 2048}


def unallocated(weights, name, shape):
    """Declares an array of which nothing is stored."""
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    parent, _, last = name.rpartition("/")
    space = h5py.h5s.create_simple(shape)
    h5py.h5d.create(weights[parent].id, last.encode(), h5py.h5t.IEEE_F32LE, space, layout)


def test_a_model_that_declares_more_than_it_stores_takes_no_memory(tmp_path):
    path = tmp_path / "model.keras"
    small = Architecture("unet", {"widths": [5, 7]})
    save_model(build(small.name, small.settings), path, Card(small))

    def grow(weights):
        names = []
        weights.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            shape = tuple(GROWN.get(side, side) for side in weights[name].shape)
            del weights[name]
            unallocated(weights, name, shape)

    change_weights(path, grow)
    edit_card(path, architecture={"name": "unet", "settings": {"widths": [1024, 1024]}})
    assert path.stat().st_size < 50_000
    declared = build_without_memory("unet", {"widths": [1024, 1024]})
    assert read_shapes(path) == sorted(tuple(weight.shape) for weight in declared.weights)  # a card that matches
    with little_memory(50 * 2**20), pytest.raises(ModelRefusedError, match="declares more than the file stores"):
        load_model(path)


def test_arrays_that_share_their_bytes_are_refused(path):
    def share(weights):
        name = first_array(weights)
        for number in range(200):
            weights[f"again{number}"] = weights[name]
            weights[f"large{number}"] = weights[name]

    change_weights(path, share)
    with pytest.raises(ModelRefusedError, match=r"declares more|do not fit"):
        load_model(path)


def test_many_objects_are_refused(path):
    change_weights(path, lambda weights: [weights.create_group(f"g{number}") for number in range(20_001)])
    with pytest.raises(ModelRefusedError, match="more than 20,000"):
        load_model(path)


def read_shapes(path):
    with h5py.File(io.BytesIO(members(path)[WEIGHTS])) as weights:
        shapes = []
        weights.visititems(lambda name, item: shapes.append(item.shape) if isinstance(item, h5py.Dataset) else None)
    return sorted(shapes)


def build_without_memory(name, settings):
    with keras.device("meta"):
        return build(name, settings)


VAST = [
    ("unet", {"widths": [2**63]}),
    ("unet", {"widths": [4] * 1000}),
    ("unet", {"widths": [True, True]}),
    ("unet", {"widths": [4.0, 6.0]}),
    ("unet", {"widths": [10**400]}),
    ("unet", {"widths": [1024, 1024, 1]}),
    ("unet_plus_plus", {"widths": [2**20, 4]}),
    ("deeplab_v3_plus", {"pyramid_width": 2**40}),
    ("deeplab_v3_plus", {"skip_width": True}),
    ("deeplab_v3_plus", {"dilations": [2**31]}),
    ("segformer", {"decoder_width": 2**40}),
    ("segformer", {"head_width": 2**40}),
    ("segformer", {"expansion": 2**40}),
    ("segformer", {"depth": 10**6}),
    ("keras_cv_deeplab_v3_plus", {"blocks": 10**6}),
    ("keras_cv_deeplab_v3_plus", {"pyramid_width": 2**40}),
]


@pytest.mark.parametrize(("name", "settings"), VAST, ids=lambda value: str(value)[:40])
def test_a_card_that_asks_for_a_vast_network_is_refused_before_anything_is_built(name, settings, path):
    edit_card(path, architecture={"name": name, "settings": settings})
    with little_memory(50 * 2**20), pytest.raises(ModelRefusedError, match="card cannot be used"):
        load_model(path)
