import numpy as np
import pytest

from shapeseg.datasets.examples import Example, labels_of
from shapeseg.errors import InputError
from shapeseg.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt, other_look
from shapeseg.scenes import SceneSettings, sample_scene

KINDS = list(CORRUPTIONS)
OF_IMAGES = ("noise", "blur", "jpeg", "contrast", "other look")
SETTINGS = SceneSettings(width=70, height=60, min_size=12, max_size=30, kinds=("rectangle", "ellipse", "star"))


@pytest.fixture(scope="module")
def example():
    truth = sample_scene(SETTINGS, seed=1, index=2).render()
    return Example(4, truth.image, labels_of(truth), truth)


def distance(one, other):
    return np.abs(one.image.astype(int) - other.image).mean()


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_pure_function(kind, example):
    before = example.image.copy()
    for severity in SEVERITIES:
        one, again = (corrupt(example, kind, severity, seed=3, index=9) for _ in range(2))
        assert one.place == 4
        assert one.image.dtype == one.labels.dtype == np.uint8
        assert one.image.shape == (*one.labels.shape, 3)
        assert np.array_equal(one.image, again.image)
        assert np.array_equal(one.labels, again.labels)
    assert np.array_equal(example.image, before)


@pytest.mark.parametrize("kind", ["noise", "background", "colors"])
def test_chance_depends_on_seed_and_index(kind, example):
    images = [corrupt(example, kind, 5, seed=seed, index=index).image for seed, index in ((0, 0), (1, 0), (0, 1))]
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("larger", "smaller")])
def test_each_step_goes_further(kind, example):
    distances = [distance(corrupt(example, kind, severity, seed=0, index=0), example) for severity in SEVERITIES]
    assert all(less < more for less, more in zip([0, *distances], distances, strict=False)), distances


@pytest.mark.parametrize("kind", OF_IMAGES)
def test_where_the_image_alone_changes_the_labels_stay(kind, example):
    assert np.array_equal(corrupt(example, kind, 5, seed=0, index=0).labels, example.labels)


@pytest.mark.parametrize("target", ["visible", "amodal"])
@pytest.mark.parametrize("kind", ["background", "colors", "larger", "smaller"])
def test_a_changed_scene_is_drawn_again_with_its_truth(kind, target, example):
    for severity in SEVERITIES:
        found = corrupt(example, kind, severity, seed=0, index=0, target=target)
        again = found.truth.scene.render()
        assert np.array_equal(found.image, again.image)
        assert np.array_equal(found.target, again.target(target))
        kinds = [instance.kind for instance in found.truth.scene.instances]
        assert kinds == [instance.kind for instance in example.truth.scene.instances]


def test_colours_that_were_one_stay_one(example):
    before = [instance.color for instance in example.truth.scene.instances]
    after = [instance.color for instance in corrupt(example, "colors", 5, seed=0, index=0).truth.scene.instances]
    pairs = set(zip(before, after, strict=True))
    assert len(pairs) == len(set(before))
    assert all(old != new for old, new in pairs)


@pytest.mark.parametrize("kind", ["larger", "smaller"])
def test_canvas_and_shapes_grow_and_shrink_alike(kind, example):
    scene = example.truth.scene
    for severity, factor in zip(SEVERITIES, CORRUPTIONS[kind].strengths, strict=True):
        scaled = corrupt(example, kind, severity, seed=0, index=0).truth.scene
        assert (scaled.width, scaled.height) == (int(70 * factor), int(60 * factor))
        for old, new in zip(scene.instances, scaled.instances, strict=True):
            x, y, w, h = new.box
            assert 0 <= x <= x + w <= scaled.width
            assert 0 <= y <= y + h <= scaled.height
            assert all(abs(a - factor * b) <= 1.001 for a, b in zip(new.box, old.box, strict=True))


def test_a_rotation_moves_each_pixel_with_its_label(example):
    # The label is written into the image, so that it must arrive at the same place.
    marked = np.repeat(example.labels[..., None], 3, axis=2)
    found = corrupt(Example(0, marked, example.labels, None), "rotation", 4, seed=0, index=0)
    inside = found.image[..., 0] != 255  # beyond the image's edge a plain folder's images are white
    assert np.array_equal(found.image[..., 0][inside], found.labels[inside])
    assert inside.mean() > 0.7
    assert not found.labels[~inside].any()
    share = found.target.sum() / example.target.sum()
    assert 0.8 < share < 1.1


def test_a_rotation_shows_the_background_in_its_corners(example):
    red = Example(0, example.image, example.labels, corrupt(example, "background", 5, seed=0, index=0).truth)
    corner = corrupt(red, "rotation", 5, seed=0, index=0).image[0, 0]
    assert tuple(corner.tolist()) == red.truth.scene.background


def test_smooth_edges_are_the_only_difference_of_another_look_without_shade(example):
    smooth = other_look(example.truth.scene, 0)
    differs = (smooth != example.image).any(axis=2)
    edge = np.zeros_like(differs)
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        edge |= np.roll(example.truth.instance_map, shift, (0, 1)) != example.truth.instance_map
    assert differs.any()
    assert (differs & edge).sum() > 0.95 * differs.sum()
    assert len(np.unique(smooth.reshape(-1, 3), axis=0)) > 2 * len(np.unique(example.image.reshape(-1, 3), axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_recipe_what_needs_one_is_refused(kind, example):
    bare = Example(0, example.image, example.labels)
    if CORRUPTIONS[kind].needs_recipe:
        with pytest.raises(InputError, match="needs the scene"):
            corrupt(bare, kind, 1, seed=0, index=0)
    else:
        assert corrupt(bare, kind, 1, seed=0, index=0).truth is None
