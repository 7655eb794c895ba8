"""What is particular to one architecture: U-Net++'s columns, and how far DeepLab and SegFormer look."""

import keras
import numpy as np
import pytest
from variants import build, images, new_model, predict

from shapeseg.errors import UsageError
from shapeseg.models.layers import JoinBlock
from shapeseg.models.reduced_attention import ReducedAttention


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
