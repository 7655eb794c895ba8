"""The rest of every architecture's contract: it survives saving, other processes, other backends and other settings.

What each gives and learns at its small default settings is asked in test_networks.py; here the same is asked of its variants.
"""

import json
import zipfile
from dataclasses import asdict
from importlib import import_module

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, run_python, succeed
from extras import every_architecture, marks_of, other_backends

from shapeseg.errors import UsageError
from shapeseg.models import ARCHITECTURES, Architecture, Card, load_model, missing_extra, save_model
from shapeseg.models.layers import JoinBlock
from shapeseg.models.reduced_attention import ReducedAttention
from shapeseg.settings import settings_from_dict

# Small settings for speed, and every switch and loop of each architecture in another position than its default.
VARIANTS = {
    "unet": [{"widths": [4, 6]}, {"widths": [4]}],
    "unet_plus_plus": [
        {"widths": [4, 6, 8], "deep_supervision": True},
        {"widths": [4, 6], "deep_supervision": True},
        {"widths": [2, 3, 4, 5]},
    ],
    "deeplab_v3_plus": [
        {"widths": [4, 6, 8], "pyramid_width": 6, "skip_width": 3},
        {"widths": [4, 6], "dilations": [1], "pyramid_width": 4},
        {"widths": [4, 6, 8, 8], "dilations": [1, 2], "pyramid_width": 4},
    ],
    "segformer": [
        {"widths": [3, 8], "head_width": 4, "decoder_width": 6},
        {"widths": [6]},
        {"widths": [4, 4, 8], "head_width": 4, "depth": 2, "expansion": 1, "decoder_width": 4},
    ],
    "keras_cv_deeplab_v3_plus": [{"widths": [2, 3, 4, 5], "pyramid_width": 6, "skip_width": 3, "blocks": 3, "dilations": [1]}],
}
REFUSED = [
    ("unet_plus_plus", {"widths": []}, "widths"),
    ("unet_plus_plus", {"widths": [4]}, "widths"),
    ("unet_plus_plus", {"widths": [4, 0]}, "widths"),
    ("unet_plus_plus", {"deep_supervision": "yes"}, "deep_supervision"),
    ("deeplab_v3_plus", {"widths": [4]}, "widths"),
    ("deeplab_v3_plus", {"widths": [-4, 4]}, "widths"),
    ("deeplab_v3_plus", {"dilations": []}, "dilations"),
    ("deeplab_v3_plus", {"dilations": [0, 1]}, "dilations"),
    ("deeplab_v3_plus", {"dilations": [2, 2]}, "dilations"),
    ("deeplab_v3_plus", {"pyramid_width": 0}, "pyramid_width"),
    ("deeplab_v3_plus", {"skip_width": 0}, "skip_width"),
    ("segformer", {"widths": []}, "widths"),
    ("segformer", {"widths": [0, 32]}, "widths"),
    ("segformer", {"widths": [32, 48]}, "widths"),
    ("segformer", {"widths": [6], "head_width": 4}, "widths"),
    ("segformer", {"head_width": 0}, "head_width"),
    ("segformer", {"depth": 0}, "depth"),
    ("segformer", {"expansion": 0}, "expansion"),
    ("segformer", {"decoder_width": 0}, "decoder_width"),
    ("keras_cv_deeplab_v3_plus", {"widths": [4, 4, 4]}, "widths"),
    ("keras_cv_deeplab_v3_plus", {"widths": [4, 4, 4, 0]}, "widths"),
    ("keras_cv_deeplab_v3_plus", {"blocks": 1}, "blocks"),
    ("keras_cv_deeplab_v3_plus", {"dilations": []}, "dilations"),
    ("keras_cv_deeplab_v3_plus", {"dilations": [0]}, "dilations"),
    ("keras_cv_deeplab_v3_plus", {"pyramid_width": 0}, "pyramid_width"),
    ("keras_cv_deeplab_v3_plus", {"skip_width": 0}, "skip_width"),
]

# How far weights are moved from where they start: a deep residual network is saturated sooner.
SPREAD = {"keras_cv_deeplab_v3_plus": 1 / 32}
VARIANTS_THERE_ARE = [(name, settings) for name in ARCHITECTURES for settings in VARIANTS.get(name, [{}])]
every_variant = pytest.mark.parametrize(
    ("name", "settings"),
    [pytest.param(name, settings, marks=marks_of(name)) for name, settings in VARIANTS_THERE_ARE],
    ids=str,
)


def typed(name, settings):
    return settings_from_dict(import_module(f"shapeseg.models.{name}").Settings, settings)


def build(name, settings):
    return import_module(f"shapeseg.models.{name}").build(typed(name, settings))


def stride_of(name, settings):
    return typed(name, settings).stride


def new_model(name, settings, seed=0):
    """A model whose every weight is random, those that layers start at 0 or 1 too."""
    keras.utils.set_random_seed(seed)
    model = build(name, settings)
    random = np.random.Generator(np.random.PCG64(seed))
    spread = np.float32(SPREAD.get(name, 1 / 8))
    model.set_weights([weight + random.random(weight.shape, np.float32) * spread for weight in model.get_weights()])
    return model


def images(count, height, width):
    return np.random.Generator(np.random.PCG64(5)).integers(0, 256, (count, height, width, 3), np.uint8)


def predict(model, batch):
    return np.asarray(model.predict_on_batch(batch))


def train_forward(model, batch):
    return keras.ops.convert_to_numpy(model(batch, training=True))


# === What goes in and comes out ===


@every_variant
def test_a_variant_gives_one_probability_a_pixel_at_any_multiple_of_its_stride(name, settings):
    model, stride = new_model(name, settings), stride_of(name, settings)
    for height, width in ((stride, stride), (2 * stride, 5 * stride), (3 * stride, stride)):
        batch = images(2, height, width)
        probabilities = predict(model, batch)
        assert probabilities.shape == (2, height, width, 1)
        assert probabilities.dtype == np.float32
        assert 0 <= probabilities.min() < probabilities.max() <= 1
        assert np.abs(predict(model, batch.astype("float32")) - probabilities).max() <= 1e-6


@every_architecture
def test_the_default_network_is_small_and_its_ends_have_their_names(name):
    model = build(name, {})
    assert model.count_params() < 500_000
    assert model.name == name
    assert [tensor.name for tensor in model.inputs] == ["image"]
    assert model.input_shape == (None, None, None, 3)
    assert model.output_shape == (None, None, None, 1)
    assert model.layers[-1].name == "probability"


@every_variant
def test_neighbours_in_a_batch_do_not_show(name, settings):
    model, stride = new_model(name, settings), stride_of(name, settings)
    batch = images(3, 2 * stride, 2 * stride)
    alone = np.concatenate([predict(model, image[None]) for image in batch])
    assert np.abs(predict(model, batch) - alone).max() <= 1e-5


@every_variant
def test_every_pixel_of_the_image_counts(name, settings):
    model, stride = new_model(name, settings), stride_of(name, settings)
    batch = images(1, stride, stride)
    usual = predict(model, batch)
    for row, column in ((0, 0), (0, stride - 1), (stride - 1, 0), (stride // 2, stride // 2), (stride - 1, stride - 1)):
        changed = batch.copy()
        changed[0, row, column] ^= 255
        assert np.abs(predict(model, changed) - usual).max() > 1e-6


# === That it can learn ===


@every_variant
def test_a_few_steps_lower_the_loss_and_reach_every_weight(name, settings):
    stride = stride_of(name, settings)
    keras.utils.set_random_seed(0)
    model = build(name, settings)
    batch = images(4, 4 * stride, 2 * stride)
    masks = (batch[..., :1] > 127).astype("uint8")
    before = [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.weights]
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=keras.losses.BinaryCrossentropy())
    losses = [float(model.train_on_batch(batch, masks)) for _ in range(4)]
    assert losses[-1] < losses[0]
    for weight, old in zip(model.weights, before, strict=True):  # moving means and variances, too
        assert (keras.ops.convert_to_numpy(weight) != old).any(), weight.path


@every_variant
def test_half_precision_inside_still_gives_float32(name, settings):
    model, stride = new_model(name, settings), stride_of(name, settings)
    usual_policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = build(name, settings)
    finally:
        keras.config.set_dtype_policy(usual_policy)
    mixed.set_weights(model.get_weights())
    assert {weight.dtype for weight in mixed.trainable_weights} == {"float32"}
    batch = images(2, 2 * stride, 2 * stride)
    for forward in (predict, train_forward):
        assert forward(mixed, batch).dtype == np.float32
        assert np.abs(forward(mixed, batch) - forward(model, batch)).mean() <= 0.05


@every_variant
def test_a_user_s_channels_first_changes_nothing(name, settings):
    if name.startswith("keras_cv"):
        pytest.skip("layers of keras-cv follow the global setting, at every call")
    model, stride = new_model(name, settings), stride_of(name, settings)
    keras.config.set_image_data_format("channels_first")
    try:
        other = new_model(name, settings)
    finally:
        keras.config.set_image_data_format("channels_last")
    batch = images(2, stride, 3 * stride)
    assert np.abs(predict(other, batch) - predict(model, batch)).max() <= 1e-6


# === Saved, and read again ===

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


# jax compiles every operation of every model; less well is much faster and as right.
COMPILE_QUICKLY = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


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


@every_saved
def test_a_fresh_process_gets_equal_probabilities_by_shapeseg_and_by_plain_keras(number, read_again):
    here, again = (np.load(read_again / str(number) / name) for name in ("here.npz", "again.npz"))
    assert here["inference"].std() > 1e-3  # or equality would say little
    assert np.abs(again["checked"] - here["inference"]).max() <= 1e-6
    assert np.abs(again["plain"] - here["inference"]).max() <= 1e-6


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


# === Settings ===


@every_architecture
def test_settings_survive_json_and_cannot_be_changed(name):
    settings = typed(name, {})
    assert typed(name, json.loads(json.dumps(asdict(settings)))) == settings
    with pytest.raises(AttributeError):
        settings.widths = (4,)


@pytest.mark.parametrize(("name", "settings", "field"), REFUSED, ids=str)
def test_settings_that_cannot_be_meant_are_refused_by_name_and_value(name, settings, field):
    with pytest.raises(UsageError, match=rf"({field}.*Received: |Received: .*{field}).+\. .+\."):
        typed(name, settings)


# === What is particular to one of them ===


def test_deep_supervision_answers_with_the_sum_of_its_columns():
    model = new_model("unet_plus_plus", {"widths": [4, 5, 6, 7], "deep_supervision": True})
    columns = [model.get_layer(f"block0_{column}").output for column in (1, 2, 3)]
    *features, probabilities = keras.Model(model.input, [*columns, model.output]).predict_on_batch(images(2, 32, 16))
    kernel, bias = model.get_layer("probability").get_weights()
    total = bias  # (B, H / 2, W / 2, 4), of which each pixel is 2 x 2 pixels of the image
    for seen, part in zip(features, np.split(kernel, 3), strict=True):
        total = total + seen @ part
    logits = total.reshape(2, 16, 8, 2, 2).transpose(0, 1, 3, 2, 4).reshape(2, 32, 16, 1)
    assert np.abs(1 / (1 + np.exp(-np.clip(logits, -50, 50))) - probabilities).max() <= 1e-5


def test_without_deep_supervision_only_the_last_column_answers():
    model = build("unet_plus_plus", {"widths": [4, 5, 6]})
    assert model.get_layer("probability").input is model.get_layer("block0_2").output


def test_the_skips_of_a_unet_plus_plus_are_nested():
    model = build("unet_plus_plus", {"widths": [1, 10, 100, 1000]})
    joining = [layer for layer in model.layers if isinstance(layer, JoinBlock)]
    channels = {layer.name: layer.kernel.shape[2] for layer in joining}
    # (level, column): all earlier columns of its level, and the column before of the coarser one.
    assert channels == {
        "block0_1": 1 + 10,
        "block0_2": 2 + 10,
        "block0_3": 3 + 10,
        "block1_1": 10 + 100,
        "block1_2": 20 + 100,
        "block2_1": 100 + 1000,
    }


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("deeplab_v3_plus", {"widths": [4, 4], "dilations": [1], "pyramid_width": 4}),  # by the image's mean
        ("segformer", {"widths": [4, 8], "head_width": 4, "decoder_width": 4}),  # by attention
    ],
    ids=["deeplab_v3_plus", "segformer"],
)
def test_pixels_far_beyond_every_convolution_count(name, settings):
    model = new_model(name, settings)
    batch = images(1, 8, 256)
    changed = batch.copy()
    changed[:, :, 200:] ^= 255
    assert np.abs(predict(model, changed) - predict(model, batch))[:, :, :32].max() > 1e-5


def test_reduced_attention_is_attention_over_merged_patches():
    layer = ReducedAttention(head_width=3, reduction=2)
    random = np.random.Generator(np.random.PCG64(2))
    image = random.standard_normal((2, 4, 6, 6)).astype("float32")  # 2 heads, 24 queries, 6 keys
    layer.build(image.shape)
    weights = {}
    for weight in layer.weights:
        name = weight.path.split("/", 1)[1]  # without the layer's own
        weights[name] = random.standard_normal(weight.shape).astype("float32")
        weight.assign(weights[name])
    given = keras.ops.convert_to_numpy(layer(image))

    merged = np.einsum("brxcyi,xyio->brco", image.reshape(2, 2, 2, 3, 2, 6), weights["reduce/kernel"]) + weights["reduce/bias"]
    deviation = np.sqrt(merged.var(-1, keepdims=True) + 1e-5)
    source = (merged - merged.mean(-1, keepdims=True)) / deviation * weights["reduce_norm/gamma"] + weights["reduce_norm/beta"]
    queries = (image @ weights["query/kernel"]).reshape(2, 24, 6)
    keys, values = ((source @ weights[f"{name}/kernel"]).reshape(2, 6, 6) for name in ("key", "value"))
    attended = np.zeros((2, 24, 6))
    for sample in range(2):
        for head in (slice(0, 3), slice(3, 6)):
            scores = np.exp(queries[sample, :, head] @ keys[sample, :, head].T / np.sqrt(3))
            attended[sample, :, head] = scores / scores.sum(1, keepdims=True) @ values[sample, :, head]
    expected = attended @ weights["output_project/kernel"] + weights["output_project/bias"]
    assert np.abs(given - expected.reshape(image.shape)).max() <= 1e-4


def test_attention_refuses_channels_that_no_number_of_heads_shares():
    with pytest.raises(UsageError, match=r"multiple of head_width\. Received: channels=6, head_width=4"):
        ReducedAttention(head_width=4).build((None, None, None, 6))
