import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from independent_rendering import render_again

from shapeseg.errors import UsageError
from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene


@st.composite
def random_scenes(draw):
    """Scenes of any canvas from 1 x 1, crowded enough that shapes hide each other wholly."""
    width, height = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    colors = st.sampled_from([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (1, 2, 3)])

    def instance():
        w, h = draw(st.integers(1, width)), draw(st.integers(1, height))
        box = (draw(st.integers(0, width - w)), draw(st.integers(0, height - h)), w, h)
        return Instance(draw(st.sampled_from(["rectangle", "ellipse"])), box, draw(colors))

    return Scene(width, height, draw(colors), tuple(instance() for _ in range(draw(st.integers(1, 8)))))


def check_against_the_definition(scene):
    truth = scene.render()
    again = render_again(scene.to_dict())
    assert truth.image.dtype == truth.instance_map.dtype == np.uint8
    assert np.array_equal(truth.image, again.image)
    assert np.array_equal(truth.instance_map, again.instance_map)
    assert truth.visible_masks.dtype == truth.amodal_masks.dtype == bool
    assert np.array_equal(truth.visible_masks, again.visible)
    assert np.array_equal(truth.amodal_masks, again.amodal)
    assert list(truth.visible_areas) == again.visible_areas
    assert list(truth.amodal_areas) == again.amodal_areas
    assert truth.occlusion_rates.tolist() == again.rates
    for which, expected in again.targets.items():
        assert truth.target(which).dtype == bool
        assert np.array_equal(truth.target(which), expected)


@given(random_scenes())
def test_any_scene_is_drawn_as_defined(scene):
    check_against_the_definition(scene)


@pytest.mark.parametrize("index", range(12))
def test_default_scenes_are_drawn_as_defined(index):
    check_against_the_definition(sample_scene(SceneSettings(), seed=11, index=index))


@given(random_scenes())
def test_the_parts_fit_together(scene):
    truth = scene.render()
    visible, amodal, rates = truth.visible_masks, truth.amodal_masks, truth.occlusion_rates
    assert not (visible & ~amodal).any()
    assert visible.sum(axis=0).max() <= 1
    assert np.array_equal(visible[-1], amodal[-1])
    assert rates[-1] == 0
    assert np.array_equal(visible.any(axis=0), amodal.any(axis=0))
    assert rates.min() >= 0
    assert rates.max() <= 1
    assert not (truth.target("visible") & ~truth.target("amodal")).any()


def test_a_worked_scene():
    # A red 4 x 3 rectangle, two thirds of its right half under a blue 4 x 2 rectangle, on a 7 x 4 canvas:
    #   r r r r . . .
    #   r r B B B B .
    #   r r B B B B .
    #   . . . . . . .
    red, blue, white = (255, 0, 0), (0, 0, 255), (255, 255, 255)
    scene = Scene(7, 4, white, (Instance("rectangle", (0, 0, 4, 3), red), Instance("rectangle", (2, 1, 4, 2), blue)))
    truth = scene.render()
    assert truth.instance_map.tolist() == [
        [1, 1, 1, 1, 0, 0, 0],
        [1, 1, 2, 2, 2, 2, 0],
        [1, 1, 2, 2, 2, 2, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]
    assert tuple(truth.image[0, 0]) == red
    assert tuple(truth.image[1, 2]) == blue
    assert tuple(truth.image[3, 0]) == white
    assert list(truth.amodal_areas) == [12, 8]
    assert list(truth.visible_areas) == [8, 8]
    assert truth.occlusion_rates.tolist() == [1 - 8 / 12, 0.0]


def test_a_wholly_hidden_rectangle_counts_in_the_amodal_target_only():
    scene = Scene(
        20, 20, (0, 0, 0), (Instance("rectangle", (8, 8, 3, 3), (9, 9, 9)), Instance("ellipse", (0, 0, 20, 20), (1, 1, 1)))
    )
    truth = scene.render()
    assert truth.occlusion_rates.tolist() == [1.0, 0.0]
    assert truth.target("visible").sum() == 0
    assert truth.target("amodal").sum() == 9


def test_drawing_twice_gives_separate_pictures():
    scene = sample_scene(SceneSettings(), seed=0, index=0)
    first = scene.render()
    first.image[:] = 0
    first.instance_map[:] = 0
    check_against_the_definition(scene)


def test_255_instances_fit_into_the_map():
    settings = SceneSettings(width=200, height=200, min_size=2, max_size=5, min_instances=255, max_instances=255)
    scene = sample_scene(settings, seed=0, index=0)
    assert len(scene.instances) == 255
    check_against_the_definition(scene)


def test_a_target_must_be_one_of_the_two():
    truth = sample_scene(SceneSettings(), seed=0, index=0).render()
    with pytest.raises(UsageError, match="Received: target='modal'"):
        truth.target("modal")
