import keras
import numpy as np
import pytest

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.filter import FilterSettings, filter_copy
from shapeseg.evaluation.counts import count
from shapeseg.evaluation.example import examples
from shapeseg.evaluation.prediction import measure, predict, predict_batches, probabilities
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


def test_batches_come_in_order_with_their_truth(model, odd):
    batches = list(predict_batches(model, odd.feed(8), stride=STRIDE))
    assert [len(truth) for truth, _ in batches] == [8, 8, 4]
    truths = np.concatenate([truth for truth, _ in batches])
    assert truths.dtype == bool
    assert np.array_equal(truths, np.stack([sample.mask != 0 for sample in odd]))
    given = np.concatenate([probability for _, probability in batches])
    alone = np.concatenate([probabilities(model, sample.image[None], stride=STRIDE) for sample in odd])
    assert np.abs(given - alone).max() <= 1e-5


def test_images_are_predicted_one_after_another(model, odd):
    found = list(predict(model, examples(odd), stride=STRIDE))
    assert [prediction.example.place for prediction in found] == list(range(20))
    alone = np.concatenate([probabilities(model, sample.image[None], stride=STRIDE) for sample in odd])
    assert np.abs(np.stack([prediction.plain for prediction in found]) - alone).max() <= 1e-5
    assert all(np.shares_memory(prediction.plain, prediction.probability) for prediction in found)
    (first, *_) = predict(model, examples(odd), stride=STRIDE, tta=True)
    assert np.abs(first.plain - alone[0]).max() <= 1e-5
    assert np.abs(first.probability - first.plain).max() > 1e-4


def test_ignored_pixels_are_no_target_and_never_predicted(odd, tmp_path):
    filter_copy(odd, FilterSettings(way="ignore-occluded"), tmp_path / "ignoring")
    data = Dataset(tmp_path / "ignoring")
    inputs = keras.Input((None, None, 3))
    always = keras.Model(inputs, keras.layers.Rescaling(0.0, offset=1.0)(inputs)[..., :1])
    for place, counts in enumerate(measure(always, data.feed(8), stride=1, threshold=0.5)):
        truth = data.scene(place).render()
        kept = ~truth.ignored
        assert counts == ((truth.target() & kept).sum(), 0, (~truth.target() & kept).sum())


def test_measuring_counts_every_image_once(model, odd):
    steps = []
    counts = measure(model, odd.feed(16), stride=STRIDE, threshold=0.45, progress=steps.append)
    assert sum(steps) == len(counts) == 20
    for sample, counted in zip(odd, counts, strict=True):
        predicted = probabilities(model, sample.image[None], stride=STRIDE)[0] >= 0.45
        expected = count(sample.mask != 0, predicted)
        # Another batch size may move a probability that is all but equal to the threshold.
        assert max(abs(a - b) for a, b in zip(counted, expected, strict=True)) <= 2


def test_a_threshold_equal_to_a_probability_counts_it(odd):
    inputs = keras.Input((None, None, 3))
    always_half = keras.Model(inputs, keras.layers.Rescaling(0.0, offset=0.5)(inputs)[..., :1])
    everywhere = measure(always_half, odd.feed(16), stride=1, threshold=0.5)
    nowhere = measure(always_half, odd.feed(16), stride=1, threshold=0.55)
    for sample, found, lost in zip(odd, everywhere, nowhere, strict=True):
        truth = int((sample.mask != 0).sum())
        assert found == (truth, 0, 30 * 37 - truth)
        assert lost == (0, truth, 0)
