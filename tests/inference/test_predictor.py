import keras
import numpy as np
import pytest

from shapeseg.errors import ModelRefusedError
from shapeseg.inference.predictor import check_model, probabilities
from shapeseg.models import build

STRIDE = 4


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return build("unet", {"widths": (4, 6)})


def random_images(count, height, width):
    return np.random.Generator(np.random.PCG64(3)).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 8), (30, 37), (31, 33), (32, 36)])
def test_an_image_of_any_size_gets_a_probability_a_pixel(height, width, model):
    given = probabilities(model, random_images(2, height, width), stride=STRIDE)
    assert given.shape == (2, height, width)
    assert given.dtype == np.float32
    assert 0 <= given.min() <= given.max() <= 1


def test_a_size_that_fits_is_predicted_as_it_is(model):
    batch = random_images(2, 16, 24)
    expected = np.asarray(model.predict_on_batch(batch))[..., 0]
    assert np.array_equal(probabilities(model, batch, stride=STRIDE), expected)


def test_padding_repeats_the_edges_and_keeps_the_top_left(model):
    batch = random_images(1, 30, 37)
    rows = [*range(30), 29, 29]
    columns = [*range(37), 36, 36, 36]
    by_hand = batch[:, rows][:, :, columns]
    expected = np.asarray(model.predict_on_batch(by_hand))[:, :30, :37, 0]
    assert np.abs(probabilities(model, batch, stride=STRIDE) - expected).max() <= 1e-6


def test_only_a_model_from_colour_images_to_one_probability_fits(model):
    check_model(model)
    image, vector = keras.Input((None, None, 3)), keras.Input((8,))
    grey = keras.Input((None, None, 1))
    for other in (
        keras.Model(image, keras.layers.Conv2D(2, 1)(image)),  # two classes
        keras.Model(grey, keras.layers.Conv2D(1, 1)(grey)),  # grey images
        keras.Model(vector, keras.layers.Dense(1)(vector)),  # no images
        keras.Model(image, keras.layers.GlobalAveragePooling2D()(image)),  # a classifier
        keras.Model([image, grey], keras.layers.Concatenate()([image, grey])),  # two inputs
    ):
        with pytest.raises(ModelRefusedError, match="Received: "):
            check_model(other)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_whose_probabilities_are_not_finite_is_refused(value):
    broken = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    broken.layers[0].bias.assign([value])
    with pytest.raises(ModelRefusedError, match="not finite"):
        probabilities(broken, random_images(2, 8, 8), stride=STRIDE)


def test_a_model_of_one_size_or_of_fewer_pixels_is_refused():
    one_size = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1)])
    assert probabilities(one_size, np.zeros((1, 30, 32, 3), np.uint8), stride=16).shape == (1, 30, 32)
    with pytest.raises(ModelRefusedError, match=r"\(32, 32\) only. Received: \(64, 32\)"):
        probabilities(one_size, np.zeros((1, 64, 32, 3), np.uint8), stride=16)
    halving = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1, strides=2)])
    with pytest.raises(ModelRefusedError, match="one probability a pixel"):
        probabilities(halving, np.zeros((1, 32, 32, 3), np.uint8), stride=16)
