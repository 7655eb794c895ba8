"""Model files made to do harm: each is refused, nothing in it runs, and nothing outside it is opened or written."""

import io
import json
import os
import resource
import shutil
import stat
import struct
import zipfile

import h5py
import keras
import numpy as np
import pytest
from command_runs import error_line, run_python

from shapeseg.errors import ModelRefusedError
from shapeseg.models import Architecture, Card, build, file_digest, load_model, save_model

ARCHITECTURE = Architecture("unet", {"widths": [2, 3]})
WEIGHTS = "model.weights.h5"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "run"
    folder.mkdir()
    save_model(build(ARCHITECTURE.name, ARCHITECTURE.settings), folder / "model.keras", Card(ARCHITECTURE))
    return folder


@pytest.fixture
def path(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "run") / "model.keras"


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path, entries, packed=zipfile.ZIP_STORED):
    """Writes an archive of (name or ZipInfo, content), and a card that knows it: as a careful attacker would."""
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    renew_card(path)


def renew_card(path):
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | {"sha256": file_digest(path)}))


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


def link_member():
    info = zipfile.ZipInfo("config.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


HOSTILE_ARCHIVES = {
    "a path that climbs out": lambda content: [*content.items(), ("../canary", b"x")],
    "an absolute path": lambda content: [*content.items(), ("/tmp/canary", b"x")],
    "a climbing name for a member": lambda content: [
        ("../config.json" if name == "config.json" else name, data) for name, data in content.items()
    ],
    "a folder more": lambda content: [*content.items(), ("assets/", b"")],
    "a link": lambda content: [(link_member() if name == "config.json" else name, data) for name, data in content.items()],
    "a bomb": lambda content: (content | {"config.json": bytes(200 * 2**20)}).items(),
    "bombed weights": lambda content: (content | {WEIGHTS: content[WEIGHTS] + bytes(300 * 2**20)}).items(),
    "empty weights": lambda content: (content | {WEIGHTS: b""}).items(),
    "text for weights": lambda content: (content | {WEIGHTS: b"I am no HDF5 file"}).items(),
}


@pytest.mark.parametrize("name", HOSTILE_ARCHIVES)
def test_hostile_archives_are_refused(name, path, tmp_path):
    pack(path, HOSTILE_ARCHIVES[name](members(path)), zipfile.ZIP_DEFLATED)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100 * 1024  # KiB
    assert not list(tmp_path.rglob("canary"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(path):
    content = members(path)
    pack(path, [*content.items(), ("config.json", content["config.json"])])
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)


@pytest.mark.parametrize("packed", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack_are_refused(packed, path):
    pack(path, members(path).items(), packed)
    with pytest.raises(ModelRefusedError, match="packed in another way"):
        load_model(path)


def test_a_member_that_lies_about_its_size_is_refused(path):
    """The central directory says that the weights take 16 EiB, and little of it in the file."""
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02", 0, content.rindex(WEIGHTS.encode()))
    content[place + 24 : place + 28] = struct.pack("<I", 2**32 - 2)
    path.write_bytes(content)
    renew_card(path)
    with pytest.raises(ModelRefusedError, match="grow more than"):
        load_model(path)


def test_a_link_or_a_pipe_in_place_of_the_file_is_refused(path, tmp_path):
    real = path.rename(tmp_path / "real.keras")
    path.symlink_to(real)
    with pytest.raises(ModelRefusedError, match="no link"):
        load_model(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(path):
    with path.open("r+b") as file:
        file.truncate(2**40)  # a hole, of no size on disk
    with pytest.raises(ModelRefusedError, match="too large"):
        load_model(path)


def lambda_layer(canary):
    run = keras.layers.Lambda(lambda x: (__import__("pathlib").Path(canary).touch(), x)[1])
    return keras.layers.serialize(run)


def of_class(module, name, /, **config):
    return lambda canary: {"module": module, "class_name": name, "config": config, "registered_name": name}


HOSTILE_LAYERS = {
    "Lambda": lambda_layer,
    "TorchModuleWrapper": of_class("keras.layers", "TorchModuleWrapper", module="gASVAAAA", name="torch"),
    "TFSMLayer": of_class("keras.layers", "TFSMLayer", filepath="/nowhere"),
    "StringLookup": of_class("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
    "a function": of_class("os", "system", command="touch canary"),
    "Switch": of_class("keras.src.ops.core", "Switch"),
    "a class of anyone": of_class("subprocess", "Popen", args=["touch", "canary"]),
}


@pytest.mark.filterwarnings("ignore")  # Keras warns of what it refuses, each release otherwise
@pytest.mark.parametrize("name", HOSTILE_LAYERS)
def test_a_hostile_layer_is_refused_even_when_trusted(name, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Rescaling(1.0)])
    model.save(path)
    content = members(path)
    config = json.loads(content["config.json"])
    config["config"]["layers"][-1] = HOSTILE_LAYERS[name](str(tmp_path / "canary"))
    canary = tmp_path / "canary"
    canary.unlink(missing_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in (content | {"config.json": json.dumps(config).encode()}).items():
            archive.writestr(member, data)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("it called someone"))
    before = keras_settings()
    for trust in (False, True):
        with pytest.raises(ModelRefusedError, match="Received: "):
            load_model(path, trust=trust)
    assert not canary.exists()
    assert keras_settings() == before


def keras_settings():
    policy = keras.config.dtype_policy().name
    objects = frozenset(keras.saving.get_custom_objects())
    return policy, keras.config.floatx(), keras.config.image_data_format(), objects, keras.config.is_nnx_enabled()


VAST_CARDS = {
    "wide": {"name": "unet", "settings": {"widths": [20_000, 20_000]}},
    "wide nested": {"name": "unet_plus_plus", "settings": {"widths": [20_000, 20_000, 20_000]}},
    "wide pyramid": {"name": "deeplab_v3_plus", "settings": {"pyramid_width": 10**6}},
    "wide inside": {"name": "segformer", "settings": {"expansion": 10**6}},
    "high": {"name": "unet", "settings": {"widths": [1] * 10**5}},
    "deep": {"name": "segformer", "settings": {"depth": 10**9}},
    "many branches": {"name": "deeplab_v3_plus", "settings": {"dilations": list(range(1, 10**5))}},
}


@pytest.mark.parametrize("name", VAST_CARDS)
def test_a_card_that_asks_for_a_vast_network_is_refused_in_little_memory(name, path):
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | {"architecture": VAST_CARDS[name]}))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100 * 1024  # KiB


def test_what_a_config_says_is_never_read_when_there_is_a_card(path, tmp_path):
    content = members(path)
    pack(path, (content | {"config.json": json.dumps(lambda_layer(str(tmp_path / "canary"))).encode()}).items())
    load_model(path)
    assert not (tmp_path / "canary").exists()


def test_the_command_tells_it_in_one_line(path, small_dataset, tmp_path):
    change_weights(path, external_link(tmp_path / "outside.h5"))
    result = run_python("-m", "shapeseg", "evaluate", path, "--data", small_dataset, cwd=tmp_path)
    assert result.returncode == 6
    assert "link out of its place" in error_line(result.stderr)
