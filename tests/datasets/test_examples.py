import numpy as np
import pytest

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import Example, example_at, examples
from shapeseg.labels import AMBIGUOUS, BACKGROUND, IGNORED, TARGET


def test_every_label_is_what_it_says():
    labels = np.array([[BACKGROUND, TARGET, AMBIGUOUS, AMBIGUOUS + TARGET, IGNORED]], np.uint8)
    example = Example(0, np.zeros((1, 5, 3), np.uint8), labels)
    assert example.target.tolist() == [[False, True, False, True, False]]
    assert example.ambiguous.tolist() == [[False, False, True, True, False]]
    assert example.ignored.tolist() == [[False, False, False, False, True]]
    assert Example(0, example.image[:, :4], labels[:, :4]).ignored is None


@pytest.mark.parametrize("target", ["visible", "amodal"])
def test_a_dataset_s_images_come_in_order_with_their_truth(small_dataset, target):
    data = Dataset(small_dataset)
    for place, example in enumerate(examples(data, target)):
        assert example.place == place
        assert np.array_equal(example.image, data.image(place))
        truth = data.scene(place).render()
        assert np.array_equal(example.target, truth.target(target))
        assert np.array_equal(example.ambiguous, truth.ambiguous & (target == "visible"))
    assert place == 29


def test_without_a_recipe_the_files_count(small_dataset):
    data = Dataset(small_dataset)
    data.has_recipes = False
    example = example_at(data, 3)
    assert example.truth is None
    assert np.array_equal(example.target, data[3].mask != 0)
    assert not example.ambiguous.any()
