"""Networks made to do harm, by a config or by a card: nothing in them runs, and none takes all memory."""

import json
import resource
import zipfile

import keras
import pytest
from model_archives import members, pack

from shapeseg.errors import ModelRefusedError
from shapeseg.models import load_model


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
