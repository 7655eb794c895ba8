"""The contract of every architecture: what goes in, what comes out, and that it can learn."""

import keras
import numpy as np
import pytest
from extras import every_architecture

from shapeseg.errors import UsageError
from shapeseg.models import Architecture, build, check_name
from shapeseg.training.losses import SegmentationLoss

# Small settings for speed, where an architecture has any.
SMALL = {
    "unet": {"widths": (4, 6)},
    "unet_plus_plus": {"widths": (4, 6, 8)},
    "deeplab_v3_plus": {"widths": (4, 6, 8), "pyramid_width": 6},
    "segformer": {"widths": (4, 8), "head_width": 4, "decoder_width": 6},
    "keras_cv_deeplab_v3_plus": {"widths": (2, 2, 3, 4), "pyramid_width": 6, "skip_width": 4},
}
RANDOM = np.random.Generator(np.random.PCG64(7))


def small(name):
    keras.utils.set_random_seed(0)
    return build(name, SMALL.get(name)), Architecture(name, SMALL.get(name, {})).stride


def images(count, height, width):
    return RANDOM.integers(0, 256, (count, height, width, 3), np.uint8)


def predict(model, batch):
    return np.asarray(model.predict_on_batch(batch))


@every_architecture
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 2), (1, 3), (5, 2)])
def test_any_multiple_of_the_stride_gives_one_probability_a_pixel(name, rows, columns):
    model, stride = small(name)
    height, width = rows * stride, columns * stride
    probabilities = predict(model, images(2, height, width))
    assert probabilities.shape == (2, height, width, 1)
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1


@every_architecture
def test_the_default_settings_fit_the_default_images(name):
    keras.utils.set_random_seed(0)
    assert 224 % Architecture(name).stride == 0
    assert predict(build(name), images(1, 224, 224)).shape == (1, 224, 224, 1)


@every_architecture
def test_predict_takes_images_as_they_are_stored(name):
    model, stride = small(name)
    batch = images(5, 2 * stride, 2 * stride)
    whole = model.predict(batch, batch_size=2, verbose=0)
    assert whole.shape == (5, 2 * stride, 2 * stride, 1)
    assert whole.dtype == np.float32
    assert np.abs(whole - predict(model, batch)).max() <= 1e-5


@every_architecture
def test_whole_and_floating_numbers_are_the_same_image(name):
    model, stride = small(name)
    batch = images(2, 3 * stride, 2 * stride)
    assert np.abs(predict(model, batch) - predict(model, batch.astype("float32"))).max() <= 1e-6


@every_architecture
def test_extreme_images_stay_probabilities(name):
    model, stride = small(name)
    for value in (0, 255):
        probabilities = predict(model, np.full((1, stride, stride, 3), value, np.uint8))
        assert np.isfinite(probabilities).all()
        assert 0 <= probabilities.min() <= probabilities.max() <= 1


@every_architecture
def test_one_step_lowers_the_loss(name):
    model, stride = small(name)
    batch = images(4, 2 * stride, 2 * stride)
    masks = (batch[..., :1] > 127).astype("uint8")
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=SegmentationLoss())
    before, after = (float(model.train_on_batch(batch, masks)) for _ in range(2))  # each is the loss before its step
    assert after < before


@every_architecture
def test_the_gradient_reaches_every_weight(name):
    model, stride = small(name)
    batch = images(4, 4 * stride, 4 * stride)
    masks = (batch[..., :1] > 127).astype("uint8")
    before = [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.trainable_weights]
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=SegmentationLoss())
    model.train_on_batch(batch, masks)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert (keras.ops.convert_to_numpy(weight) != old).any(), weight.path


@every_architecture
def test_random_weights_come_from_the_seed(name):
    one, _ = small(name)
    other, _ = small(name)
    batch = images(1, 64, 64)
    assert np.array_equal(predict(one, batch), predict(other, batch))
    keras.utils.set_random_seed(1)
    assert not np.array_equal(predict(build(name, SMALL.get(name)), batch), predict(one, batch))


def test_the_stride_of_a_unet_is_two_a_level():
    for levels in (1, 2, 3, 4, 5):
        assert Architecture("unet", {"widths": [4] * levels}).stride == 2**levels


def test_an_unknown_architecture_is_refused_with_the_names_there_are():
    for refused in (lambda: build("vgg"), lambda: check_name("vgg"), lambda: Architecture("vgg").stride):
        with pytest.raises(UsageError, match=r"Received: vgg\. Use one of unet"):
            refused()


@pytest.mark.parametrize(
    "settings", [{"widths": []}, {"widths": [0]}, {"widths": [4, -1]}, {"widths": "44"}, {"depth": 4}], ids=str
)
def test_settings_that_cannot_be_meant_are_refused(settings):
    with pytest.raises(UsageError, match="Received: "):
        build("unet", settings)
