import json
import shutil
import threading
import zipfile

import h5py
import keras
import numpy as np
import pytest
from command_runs import folder_names, run_python, succeed

import shapeseg
from shapeseg.errors import InputError, ModelRefusedError
from shapeseg.models import Architecture, Card, build, load_model, load_with_card, read_card, save_model
from shapeseg.training.losses import SegmentationLoss

ARCHITECTURE = Architecture("unet", {"widths": [4, 6]})
IMAGES = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (3, 32, 24, 3), np.uint8)


def new_model(seed=0):
    """A model whose every weight is random, those that layers start at 0 or 1 too."""
    keras.utils.set_random_seed(seed)
    model = build(ARCHITECTURE.name, ARCHITECTURE.settings)
    random = np.random.Generator(np.random.PCG64(seed))
    model.set_weights([weight + random.random(weight.shape, np.float32) / 8 for weight in model.get_weights()])
    return model


def predict(model):
    return np.asarray(model.predict_on_batch(IMAGES))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A run folder with a model that was compiled and trained a step, and its probabilities."""
    folder = tmp_path_factory.mktemp("saved") / "run"
    folder.mkdir()
    model = new_model()
    model.compile(optimizer="adam", loss=SegmentationLoss())
    model.train_on_batch(IMAGES, IMAGES[..., :1] // 128)
    save_model(model, folder / "model.keras", Card(ARCHITECTURE, threshold=0.35))
    return folder, predict(model)


@pytest.fixture
def path(saved, tmp_path):
    """A copy of that model to damage."""
    return shutil.copytree(saved[0], tmp_path / "run") / "model.keras"


def test_it_comes_back_with_equal_probabilities(saved):
    folder, expected = saved
    for model in (load_model(folder / "model.keras"), shapeseg.load_model(str(folder / "model.keras"))):
        assert np.abs(predict(model) - expected).max() <= 1e-6


def test_plain_keras_loads_it_too(saved):
    folder, expected = saved
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    assert np.abs(predict(model) - expected).max() <= 1e-6


FRESH = """
import numpy as np
import keras
import shapeseg.models  # registers the layers; nothing else of shapeseg is asked for

images = np.load("../images.npy")
plain = keras.saving.load_model("../run/model.keras", compile=False)
np.save("../plain.npy", plain.predict(images, verbose=0))

import shapeseg
model = shapeseg.load_model("../run/model.keras")
np.save("../checked.npy", model.predict(images, verbose=0))
"""


@pytest.mark.process
def test_a_fresh_process_in_another_folder_gets_equal_probabilities(path, saved, tmp_path):
    np.save(tmp_path / "images.npy", IMAGES)
    (tmp_path / "notebooks").mkdir()
    succeed(run_python("-c", FRESH, cwd=tmp_path / "notebooks"))
    for name in ("plain", "checked"):
        assert np.abs(np.load(tmp_path / f"{name}.npy") - saved[1]).max() <= 1e-6


def test_the_file_holds_the_network_and_its_weights_and_nothing_else(saved):
    folder, _ = saved
    assert folder_names(folder) == {"model.keras", "model.json"}
    with zipfile.ZipFile(folder / "model.keras") as archive:
        assert sorted(archive.namelist()) == ["config.json", "metadata.json", "model.weights.h5"]
        config = json.loads(archive.read("config.json"))
        with archive.open("model.weights.h5") as file, h5py.File(file) as weights:
            names = []
            weights.visit(names.append)
    assert not config.get("compile_config")
    assert not [name for name in names if "optimizer" in name]
    assert "Lambda" not in json.dumps(config)


def test_saving_leaves_the_model_in_memory_as_it_is(tmp_path):
    model = new_model()
    model.compile(optimizer="adam", loss=SegmentationLoss())
    before = predict(model)
    save_model(model, tmp_path / "model.keras", Card(ARCHITECTURE))
    assert model.optimizer is not None
    assert np.array_equal(predict(model), before)


def test_a_missing_model_is_missing_input(tmp_path):
    with pytest.raises(InputError, match="no such model"):
        load_model(tmp_path / "model.keras")


def test_what_is_not_named_keras_is_refused(path):
    other = path.rename(path.with_suffix(".h5"))
    folder = path.with_name("folder.keras")
    folder.mkdir()
    for refused in (other, path.parent, folder, path.with_suffix(".json")):
        with pytest.raises(ModelRefusedError, match=r"\.keras file"):
            load_model(refused)


@pytest.mark.parametrize("content", [b"", b"I am no model\n", b"PK\x03\x04 torn"], ids=["empty", "text", "torn"])
def test_what_is_only_named_keras_is_refused(content, path):
    path.write_bytes(content)
    for trust in (False, True):
        with pytest.raises(ModelRefusedError, match=r"not a \.keras archive"):
            load_model(path, trust=trust)


def test_a_model_without_its_card_is_refused_unless_trusted(path, saved):
    foreign = json.dumps({"class_name": "Functional", "config": {}})  # as Keras's own to_json writes it
    for write in (lambda card: card.write_text(foreign), lambda card: card.unlink()):
        write(path.with_suffix(".json"))
        with pytest.raises(ModelRefusedError, match=r"no model\.json from shapeseg next to it"):
            load_model(path)
        assert np.abs(predict(load_model(path, trust=True)) - saved[1]).max() <= 1e-6


def test_a_model_with_a_changed_byte_is_refused(path):
    content = path.read_bytes()
    for place in (0, 40, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ModelRefusedError, match="Received: "):
            load_model(path)
    path.write_bytes(content[:-1])
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)
    path.write_bytes(content)
    load_model(path)


def test_the_model_before_is_accepted_when_a_save_stopped_half_way(path, saved):
    """A kill after the card was written and before the model was renamed leaves the new card with the old model."""
    old = path.read_bytes()
    first = read_card(path)
    second = save_model(new_model(seed=5), path, Card(ARCHITECTURE))
    assert second == read_card(path)
    assert second.previous_sha256 == first.sha256
    assert np.abs(predict(load_model(path)) - predict(new_model(seed=5))).max() <= 1e-6
    path.write_bytes(old)
    assert np.abs(predict(load_model(path)) - saved[1]).max() <= 1e-6
    third = save_model(new_model(seed=6), path, Card(ARCHITECTURE))
    assert third.previous_sha256 == first.sha256


def edit_card(path, **changes):
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))


def test_a_card_that_describes_another_network_is_refused(path):
    for widths in ([4, 7], [4, 6, 8], [4]):  # the last has its every weight in the file, and the file has more
        edit_card(path, architecture={"name": "unet", "settings": {"widths": widths}})
        with pytest.raises(ModelRefusedError, match="do not fit"):
            load_model(path)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"format": "other"}', "[" * 100_000])
def test_a_card_that_is_none_is_refused(content, path):
    path.with_suffix(".json").write_text(content)
    with pytest.raises(ModelRefusedError, match="card"):
        load_model(path)


def test_a_card_with_unknown_or_wrong_entries_is_refused(path):
    whole = path.with_suffix(".json").read_text()
    for changes in ({"nonsense": 1}, {"threshold": "high"}, {"architecture": "unet"}):
        edit_card(path, **changes)
        with pytest.raises(ModelRefusedError, match="card"):
            load_model(path)
        path.with_suffix(".json").write_text(whole)
    load_model(path)


@pytest.mark.parametrize(
    "changes",
    [
        *({"threshold": value} for value in (5.0, -1, 0, 1, True, "0.4", float("nan"), float("inf"))),
        *({"format_version": value} for value in (0, 2, 99, True)),
        *({"data": {"target": value}} for value in ("hidden", 1, None)),
        *({"golden": {"image_sha256": "0" * 64, "means": [value] * 16}} for value in (-0.1, 1.5, float("nan"), "0.5", True)),
        *({"golden": {"image_sha256": "0" * 64, "means": [0.5] * count}} for count in (0, 15, 17)),
        *({"golden": {"image_sha256": value, "means": [0.5] * 16}} for value in ("", "0", "x" * 64, None)),
        *({name: value} for name in ("sha256", "previous_sha256") for value in ("0" * 63, "G" * 64, 5, [])),
        *({"data": {"folder": value}} for value in (5, None, ["a"], "a\0b")),
        *(
            {"data": {"sha256": "0"}},
            {"data": {"images": -1}},
            {"data": {"images": 10**400}},
            {"data": {"more": 1}},
            {"data": []},
        ),
        *({"scores": {"iou": value}} for value in ("0.5", [0.5], float("nan"), float("inf"), 10**400, {})),
        *({"scores": {"holdout": value}} for value in ([], "x", 0.5, {"iou": {"a": [float("nan")]}}, {"images": 10**400})),
        *(
            {"scores": {"split": 1}},
            {"scores": []},
            {"versions": {"keras": 3}},
            {"versions": {"": "1"}},
            {"versions": {"a b": "1"}},
        ),
        *({"command": 5}, {"command": None}, {"format_version": 1.0}, {"architecture": None}, {"architecture": {"name": []}}),
    ],
    ids=str,
)
def test_a_card_with_a_value_that_cannot_be_is_refused(changes, path):
    edit_card(path, **changes)
    for refuse in (read_card, load_model):
        with pytest.raises(ModelRefusedError, match="card"):
            refuse(path)


@pytest.mark.parametrize(
    "architecture",
    [
        {"name": "vgg", "settings": {}},
        {"name": "unet", "settings": {"widths": [0]}},
        {"name": "unet", "settings": {"depth": 2}},
    ],
    ids=str,
)
def test_a_card_that_describes_no_network_is_refused(architecture, path):
    edit_card(path, architecture=architecture)
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)


def renew_card(path):
    """Makes the card name the file as it is now."""
    from shapeseg.models import file_digest

    edit_card(path, sha256=file_digest(path))


def test_a_network_without_finite_weights_is_refused(tmp_path):
    model = new_model()
    weights = model.get_weights()
    weights[0].flat[3] = np.inf
    model.set_weights(weights)
    save_model(model, tmp_path / "model.keras", Card(ARCHITECTURE))
    with pytest.raises(ModelRefusedError, match="not finite"):
        load_model(tmp_path / "model.keras")


def test_an_archive_with_more_or_fewer_members_is_refused(path):
    content = path.read_bytes()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("extra.txt", "more")
    renew_card(path)
    with pytest.raises(ModelRefusedError, match=r"extra\.txt"):
        load_model(path)
    path.write_bytes(content)
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as part:
        part.writestr("model.weights.h5", members["model.weights.h5"])
    renew_card(path)
    with pytest.raises(ModelRefusedError, match="holds config"):
        load_model(path)


def test_a_config_in_the_file_is_never_read(path, saved):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {"config.json": b"no JSON at all"}).items():
            archive.writestr(name, content)
    renew_card(path)
    assert np.abs(predict(load_model(path)) - saved[1]).max() <= 1e-6


def test_code_in_a_model_is_refused_even_when_trusted(tmp_path):
    canary = tmp_path / "canary"
    name = str(canary)
    run = keras.layers.Lambda(lambda x: (__import__("pathlib").Path(name).touch(), x[..., :1])[1])
    keras.Sequential([keras.Input((4, 4, 3)), run]).save(tmp_path / "model.keras")
    assert canary.exists()
    canary.unlink()
    for trust in (False, True):
        with pytest.raises(ModelRefusedError, match="Received: "):
            load_model(tmp_path / "model.keras", trust=trust)
    assert not canary.exists()


def test_a_file_that_is_replaced_meanwhile_is_never_mixed_with_its_successor(tmp_path):
    path, given = tmp_path / "model.keras", {}
    for seed in (1, 2):
        given[save_model(new_model(seed), path, Card(ARCHITECTURE)).sha256] = predict(new_model(seed))
        shutil.copy(path, tmp_path / f"{seed}")
    ended = threading.Event()

    def replace():
        while not ended.is_set():
            for seed in (1, 2):
                shutil.copy(tmp_path / f"{seed}", tmp_path / "next")
                (tmp_path / "next").replace(path)

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        loaded = [load_with_card(path) for _ in range(12)]
    finally:
        ended.set()
        thread.join()
    for model, digest, card in loaded:
        assert digest in (card.sha256, card.previous_sha256)
        assert np.abs(predict(model) - given[digest]).max() <= 1e-6


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_a_saved_model_computes_in_float32_whatever_the_person_s_policy(policy, tmp_path):
    path = tmp_path / "model.keras"
    save_model(build("unet", {"widths": [4, 4]}), path, Card(Architecture("unet", {"widths": [4, 4]})))
    images = np.random.Generator(np.random.PCG64(2)).integers(0, 256, (2, 16, 16, 3), np.uint8)
    expected = keras.saving.load_model(path, compile=False).predict_on_batch(images)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        loaded = load_model(path)
        assert keras.config.dtype_policy().name == policy
    finally:
        keras.config.set_dtype_policy(before)
    assert np.array_equal(np.asarray(loaded.predict_on_batch(images)), np.asarray(expected))
