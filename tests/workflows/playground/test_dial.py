"""The dial finds what trying every place finds."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from playground_frames import BLUE, RED, WHITE

from shapeseg.errors import UsageError
from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene
from shapeseg.workflows.playground.dial import dial, occluder_of

SMALL = SceneSettings(
    width=26,
    height=22,
    min_size=4,
    max_size=9,
    min_instances=3,
    max_instances=5,
    kinds=("rectangle", "ellipse", "ring", "star"),
)


def by_trying(scene, shape, rate):
    """Returns the error and the distance of the nearest place of the occluder that is good enough, of all there are."""
    mover = occluder_of(scene, shape)
    x, y, w, h = scene.instances[mover].box
    found = []
    for left, top in itertools.product(range(scene.width - w + 1), range(scene.height - h + 1)):
        moved = scene.instances[mover]._replace(box=(left, top, w, h))
        tried = replace(scene, instances=(*scene.instances[:mover], moved, *scene.instances[mover + 1 :]))
        error = abs(tried.render().occlusion_rates[shape] - rate)
        found.append((round(error, 9), (left - x) ** 2 + (top - y) ** 2))
    least = min(error for error, _ in found)
    return min(distance for error, distance in found if error <= max(least, 0.005 if 0 < rate < 1 else 0))


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("rate", [0.0, 0.37, 1.0])
def test_it_finds_the_nearest_place_that_is_good_enough(index, rate):
    scene = sample_scene(SMALL, seed=5, index=index)
    for shape in range(len(scene.instances) - 1):
        mover = occluder_of(scene, shape)
        dialled = dial(scene, shape, rate)
        (x, y, *size), (left, top, *size_after) = scene.instances[mover].box, dialled.instances[mover].box
        assert size_after == size
        assert dialled.instances[:mover] == scene.instances[:mover]
        assert dialled.instances[mover + 1 :] == scene.instances[mover + 1 :]
        assert (left - x) ** 2 + (top - y) ** 2 == by_trying(scene, shape, rate)


def test_what_hides_most_is_moved_and_else_the_nearest_in_front():
    target = Instance("rectangle", (10, 10, 10, 10), RED)
    little, much, far = (Instance("rectangle", box, BLUE) for box in ((18, 10, 8, 8), (10, 16, 10, 8), (40, 40, 8, 8)))
    assert occluder_of(Scene(50, 50, WHITE, (target, little, much)), 0) == 2
    assert occluder_of(Scene(50, 50, WHITE, (target, far, little._replace(box=(24, 10, 8, 8)))), 0) == 2
    assert occluder_of(Scene(50, 50, WHITE, (far, target)), 1) is None


def test_a_rate_that_is_met_moves_nothing():
    scene = sample_scene(SMALL, seed=5, index=0)
    rate = float(scene.render().occlusion_rates[0])
    assert dial(scene, 0, rate) == scene


def test_a_step_of_the_dial_is_a_small_move():
    scene = Scene(112, 112, WHITE, (Instance("rectangle", (30, 38, 40, 34), RED), Instance("ellipse", (52, 44, 34, 36), RED)))
    for percent in range(32, 69):
        moved = dial(scene, 0, percent / 100)
        assert np.abs(np.subtract(moved.instances[1].box, scene.instances[1].box)).max() <= 3
        assert abs(moved.render().occlusion_rates[0] - percent / 100) <= 0.005
        scene = moved


@pytest.mark.parametrize(("shape", "said"), [(1, "nothing is in front"), (2, "shape=2"), (-1, "shape=-1")])
def test_without_anything_in_front_or_such_a_shape_it_is_told(shape, said):
    scene = Scene(40, 40, WHITE, tuple(Instance("rectangle", (x, 5, 8, 8), RED) for x in (2, 6)))
    with pytest.raises(UsageError, match=said):
        dial(scene, shape, 0.5)
