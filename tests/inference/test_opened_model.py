import numpy as np

from shapeseg.datasets.windows import MAX_PIXELS, WINDOW
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.inference.predictor import probabilities

REACH = 8


class LooksAhead:
    """Answers each pixel with the mean red of those so far above and below it; beyond an edge its pixels go on."""

    def predict_on_batch(self, images):
        red = images[..., :1].astype(np.float32) / 255
        padded = np.pad(red, ((0, 0), (REACH, REACH), (0, 0), (0, 0)), mode="edge")
        return (padded[:, : -2 * REACH] + padded[:, 2 * REACH :]) / 2


def test_a_large_image_is_predicted_in_tiles_without_a_seam():
    images = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (1, WINDOW + 80, WINDOW - 24, 3), np.uint8)
    assert images[0, ..., 0].size > MAX_PIXELS
    model = OpenedModel(LooksAhead(), stride=REACH)
    assert np.array_equal(model.probabilities(images), probabilities(LooksAhead(), images, stride=REACH))
    assert model.notes(images.shape[1:]) == []


def test_images_are_scaled_as_in_training_and_probabilities_scaled_back():
    images = np.zeros((2, 64, 128, 3), np.uint8)
    images[0, :, 64:] = 255
    model = OpenedModel(LooksAhead(), stride=REACH, resize=32)
    given = model.probabilities(images)
    assert given.shape == (2, 64, 128)
    assert given.dtype == np.float32
    assert np.allclose(given[0, :, [0, 60, 68, 127]].T, [0, 0, 1, 1])
    assert np.allclose(given[0, 5, 62:66], [0.125, 0.375, 0.625, 0.875])  # between the pixels of the scaled image
    assert not given[1].any()
    small = images[:, ::4, ::4]
    assert np.array_equal(model.probabilities(small), probabilities(LooksAhead(), small, stride=REACH))
