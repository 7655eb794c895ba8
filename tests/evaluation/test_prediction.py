import keras
import numpy as np
import pytest

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.examples import examples
from shapeseg.datasets.filter import FilterSettings, filter_copy
from shapeseg.evaluation.counts import count
from shapeseg.evaluation.prediction import predict
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.inference.predictor import probabilities
from shapeseg.models import build
from shapeseg.scenes import SceneSettings

STRIDE = 4


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return build("unet", {"widths": (4, 6)})


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """20 images of 37 x 30, which no stride divides."""
    folder = tmp_path_factory.mktemp("odd") / "d"
    scene = SceneSettings(width=37, height=30, min_size=4, max_size=12)
    create_dataset(folder, num_images=20, seed=2, settings=DatasetSettings(scene=scene))
    return Dataset(folder)


def test_images_are_predicted_one_after_another_with_their_truth(model, odd):
    opened = OpenedModel(model, STRIDE)
    found = list(predict(opened, examples(odd)))
    assert [prediction.example.place for prediction in found] == list(range(20))
    truths = np.stack([prediction.example.target for prediction in found])
    assert truths.dtype == bool
    assert np.array_equal(truths, np.stack([sample.mask != 0 for sample in odd]))
    alone = np.concatenate([probabilities(model, sample.image[None], stride=STRIDE) for sample in odd])
    assert np.abs(np.stack([prediction.plain for prediction in found]) - alone).max() <= 1e-5
    assert all(np.shares_memory(prediction.plain, prediction.probability) for prediction in found)
    (first, *_) = predict(opened, examples(odd), tta=True)
    assert np.abs(first.plain - alone[0]).max() <= 1e-5
    assert np.abs(first.probability - first.plain).max() > 1e-4


def test_ignored_pixels_are_no_target_and_never_predicted(odd, tmp_path):
    filter_copy(odd, FilterSettings(way="ignore-occluded"), tmp_path / "ignoring")
    data = Dataset(tmp_path / "ignoring")
    inputs = keras.Input((None, None, 3))
    always = keras.Model(inputs, keras.layers.Rescaling(0.0, offset=1.0)(inputs)[..., :1])
    for place, prediction in enumerate(predict(OpenedModel(always, 1), examples(data))):
        truth, counts = data.scene(place).render(), prediction.counts(0.5)
        kept = ~truth.ignored
        assert counts == ((truth.target() & kept).sum(), 0, (~truth.target() & kept).sum())


def test_measuring_counts_every_image_once(model, odd):
    counts = [prediction.counts(0.45) for prediction in predict(OpenedModel(model, STRIDE), examples(odd))]
    assert len(counts) == 20
    for sample, counted in zip(odd, counts, strict=True):
        predicted = probabilities(model, sample.image[None], stride=STRIDE)[0] >= 0.45
        expected = count(sample.mask != 0, predicted)
        # Another batch size may move a probability that is all but equal to the threshold.
        assert max(abs(a - b) for a, b in zip(counted, expected, strict=True)) <= 2


def test_a_threshold_equal_to_a_probability_counts_it(odd):
    inputs = keras.Input((None, None, 3))
    always_half = keras.Model(inputs, keras.layers.Rescaling(0.0, offset=0.5)(inputs)[..., :1])
    for sample, prediction in zip(odd, predict(OpenedModel(always_half, 1), examples(odd)), strict=True):
        truth = int((sample.mask != 0).sum())
        assert prediction.counts(0.5) == (truth, 0, 30 * 37 - truth)
        assert prediction.counts(0.55) == (0, truth, 0)
