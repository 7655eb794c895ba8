"""Every variant of every architecture survives saving, other processes and other backends."""

import json
import zipfile

import keras
import numpy as np
import pytest
from command_runs import COMPILE_QUICKLY, REPOSITORY, run_python, succeed
from extras import marks_of, other_backends
from variants import VARIANTS, VARIANTS_THERE_ARE, images, new_model, predict, stride_of, train_forward

from shapeseg.models import ARCHITECTURES, Architecture, Card, load_model, missing_extra, save_model

READ_TWICE = """
import keras
import numpy as np
import shapeseg.models

for folder in FOLDERS:
    batch = np.load(f"{folder}/images.npy")
    checked = shapeseg.load_model(f"{folder}/model.keras").predict(batch, verbose=0)  # which imports keras_cv where needed
    plain = keras.saving.load_model(f"{folder}/model.keras", compile=False).predict(batch, verbose=0)
    np.savez(f"{folder}/again.npz", plain=plain, checked=checked)
"""
READ_ELSEWHERE = """
import keras
import numpy as np
import shapeseg

for folder in FOLDERS:
    batch = np.load(f"{folder}/images.npy")
    model = shapeseg.load_model(f"{folder}/model.keras")
    inference = model.predict(batch, verbose=0)
    training = keras.ops.convert_to_numpy(model(batch, training=True))
    weights = np.concatenate([keras.ops.convert_to_numpy(weight).ravel() for weight in model.weights])
    np.savez(f"{folder}/{keras.backend.backend()}.npz", inference=inference, training=training, weights=weights)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with every variant, trained a step and saved, and what it gives in this process."""
    place = tmp_path_factory.mktemp("saved")
    for number in INSTALLED:
        name, settings = VARIANTS_THERE_ARE[number]
        folder = place / str(number)
        folder.mkdir()
        model, stride = new_model(name, settings), stride_of(name, settings)
        batch = images(3, 3 * stride, 2 * stride)
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.train_on_batch(batch, batch[..., :1] // 128)
        save_model(model, folder / "model.keras", Card(Architecture(name, settings)))
        np.save(folder / "images.npy", batch)
        inference, training = predict(model, batch), train_forward(model, batch)  # which moves the moving means
        weights = np.concatenate([keras.ops.convert_to_numpy(weight).ravel() for weight in model.weights])
        np.savez(folder / "here.npz", inference=inference, training=training, weights=weights)
    return place


def run_over(numbers, script, place, backend):
    script = script.replace("FOLDERS", repr(list(map(str, numbers))))
    changes = {"KERAS_BACKEND": backend, "XLA_FLAGS": COMPILE_QUICKLY, "PYTHONPATH": REPOSITORY}
    succeed(run_python("-c", script, cwd=place, **changes))
    return place


@pytest.fixture(scope="module")
def read_again(saved):
    return run_over(INSTALLED, READ_TWICE, saved, "torch")


@pytest.fixture(scope="module", params=other_backends)
def read_elsewhere(request, saved):
    """The folder with every first variant, and what another backend has written into it."""
    if request.param == "jax":
        pytest.importorskip("jax")
    first = [number for number in FIRST_VARIANTS if number in INSTALLED]
    return run_over(first, READ_ELSEWHERE, saved, request.param), f"{request.param}.npz"


def numbered(numbers, ids):
    names = [VARIANTS_THERE_ARE[number][0] for number in numbers]
    parameters = [pytest.param(number, marks=marks_of(name)) for number, name in zip(numbers, names, strict=True)]
    return pytest.mark.parametrize("number", parameters, ids=ids)


IDS = [f"{name}-{settings}" for name, settings in VARIANTS_THERE_ARE]
INSTALLED = [number for number, (name, _) in enumerate(VARIANTS_THERE_ARE) if missing_extra(name) is None]
every_saved = numbered(range(len(IDS)), IDS)
FIRST_VARIANTS = [VARIANTS_THERE_ARE.index((name, VARIANTS.get(name, [{}])[0])) for name in ARCHITECTURES]
one_saved_of_each = numbered(FIRST_VARIANTS, list(ARCHITECTURES))


@pytest.mark.process
@every_saved
def test_a_fresh_process_gets_equal_probabilities_by_shapeseg_and_by_plain_keras(number, read_again):
    here, again = (np.load(read_again / str(number) / name) for name in ("here.npz", "again.npz"))
    assert here["inference"].std() > 1e-3  # or equality would say little
    assert np.abs(again["checked"] - here["inference"]).max() <= 1e-6
    assert np.abs(again["plain"] - here["inference"]).max() <= 1e-6


@pytest.mark.process
@one_saved_of_each
def test_other_backends_give_the_same_probabilities_and_normalise_by_the_same_batch(number, read_elsewhere):
    place, written = read_elsewhere
    here, there = (np.load(place / str(number) / name) for name in ("here.npz", written))
    assert np.abs(there["inference"] - here["inference"]).max() <= 1e-4
    assert np.abs(there["training"] - here["training"]).max() <= 1e-4
    assert np.abs(there["weights"] - here["weights"]).max() <= 1e-4  # moving means and variances, after that


@every_saved
def test_the_file_names_layers_of_keras_and_shapeseg_and_no_code(number, saved):
    with zipfile.ZipFile(saved / str(number) / "model.keras") as archive:
        network = json.loads(archive.read("config.json"))
    for layer in network["config"]["layers"]:
        assert layer["class_name"] not in ("Lambda", "TorchModuleWrapper")
        ours = layer["registered_name"] is not None and layer["registered_name"].startswith("shapeseg>")
        assert ours or layer["module"].startswith("keras."), layer


@every_saved
def test_it_is_rebuilt_from_its_card(number, saved):
    assert np.array_equal(
        predict(load_model(saved / str(number) / "model.keras"), np.load(saved / str(number) / "images.npy")),
        np.load(saved / str(number) / "here.npz")["inference"],
    )
