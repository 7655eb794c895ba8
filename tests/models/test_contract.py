"""The contract of every architecture, asked of its variants; test_networks.py asks it of the small default ones."""

import keras
import numpy as np
import pytest
from extras import every_architecture
from variants import build, every_variant, images, new_model, predict, stride_of, train_forward


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
