import numpy as np

from shapeseg.inference.opened_model import OpenedModel
from shapeseg.inference.predictor import probabilities
from shapeseg.inference.tiles import MAX_PIXELS, WINDOW

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
