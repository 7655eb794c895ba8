import numpy as np
import pytest

from shapeseg.datasets.examples import Example, labels_of
from shapeseg.evaluation.error_places import PLACES, error_places
from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
SMALL = SceneSettings(width=40, height=40, min_size=8, max_size=18)


def example_of_scene(scene, target="visible"):
    truth = scene.render()
    return Example(0, truth.image, labels_of(truth, target), truth)


def by_definition(example, predicted):
    """Every wrong pixel by itself, its 5 x 5 window cut out of the image."""
    truth, found = example.truth, dict.fromkeys(PLACES, 0)
    targets = {k for k, each in enumerate(truth.scene.instances, start=1) if truth.scene.is_target(each)}
    for r, c in zip(*np.nonzero(example.target != predicted), strict=True):
        window = np.s_[max(r - 2, 0) : r + 3, max(c - 2, 0) : c + 3]
        shapes = set(np.unique(truth.instance_map[window]).tolist()) - {0}
        inside = example.target[window]
        if example.ambiguous[r, c]:
            found["ambiguous"] += 1
        elif shapes & targets and len(shapes) > 1:
            found["occlusion contour"] += 1
        elif inside.any() and not inside.all():
            found["outer border"] += 1
        else:
            found["elsewhere"] += 1
    return found


@pytest.mark.parametrize("target", ["visible", "amodal"])
@pytest.mark.parametrize("index", range(12))
def test_each_wrong_pixel_is_where_the_definition_says(index, target):
    example = example_of_scene(sample_scene(SMALL, seed=1, index=index), target)
    random = np.random.Generator(np.random.PCG64(index))
    predicted = example.target ^ (random.random(example.target.shape) < 0.1)
    found = error_places(example, predicted)
    assert found == by_definition(example, predicted)
    assert sum(found.values()) == (example.target != predicted).sum()


def test_by_hand():
    # A red rectangle, a blue one that hides its right end, and one pixel wrong of each kind but ambiguous.
    scene = Scene(60, 40, WHITE, (Instance("rectangle", (5, 5, 20, 20), RED), Instance("ellipse", (18, 5, 20, 20), BLUE)))
    example = example_of_scene(scene)
    predicted = example.target.copy()
    predicted[15, 3] = True  # two pixels left of the rectangle
    predicted[15, 2] = True  # three
    predicted[15, 19] ^= True  # in the ellipse, next to the rectangle
    predicted[15, 28] = True  # in the middle of the ellipse
    assert error_places(example, predicted) == {
        "outer border": 1,
        "occlusion contour": 1,
        "ambiguous": 0,
        "elsewhere": 2,
    }


def test_a_perfect_prediction_and_an_unknown_recipe():
    example = example_of_scene(sample_scene(SMALL, seed=1, index=0))
    assert error_places(example, example.target) == dict.fromkeys(PLACES, 0)
    assert error_places(Example(0, example.image, example.labels), example.target) is None
