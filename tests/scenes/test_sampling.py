import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapeseg.errors import UsageError
from shapeseg.scenes import GENERATOR_VERSION, SceneSettings, sample_scene
from shapeseg.scenes.streams import Stream, words

seeds = st.integers(0, 2**64 - 1)


@st.composite
def scene_settings(draw):
    width, height = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    largest = draw(st.integers(1, min(width, height)))
    most = draw(st.integers(1, 12))
    return SceneSettings(
        width=width,
        height=height,
        min_size=draw(st.integers(1, largest)),
        max_size=largest,
        min_instances=draw(st.integers(1, most)),
        max_instances=most,
    )


def scenes(count, settings=None, seed=0):
    settings = settings or SceneSettings()
    return [sample_scene(settings, seed=seed, index=index) for index in range(count)]


def shapes(count, settings=None, seed=0):
    return [instance for scene in scenes(count, settings, seed) for instance in scene.instances]


@given(scene_settings(), seeds, st.integers(0, 2**40))
def test_a_sample_keeps_to_its_settings_and_comes_out_the_same_twice(settings, seed, index):
    scene = sample_scene(settings, seed=seed, index=index)
    assert scene == sample_scene(settings, seed=seed, index=index)
    assert (scene.width, scene.height, scene.background) == (settings.width, settings.height, settings.background)
    assert settings.min_instances <= len(scene.instances) <= settings.max_instances
    for instance in scene.instances:
        x, y, w, h = instance.box
        assert 0 <= x <= x + w <= settings.width
        assert 0 <= y <= y + h <= settings.height
        assert settings.min_size <= min(w, h) <= max(w, h) <= settings.max_size
        assert instance.kind in settings.kinds
        assert instance.color in settings.colors


def test_order_and_neighbours_do_not_matter():
    settings = SceneSettings()
    forwards = {index: sample_scene(settings, seed=9, index=index) for index in range(50)}
    backwards = {index: sample_scene(settings, seed=9, index=index) for index in reversed(range(0, 50, 7))}
    assert all(forwards[index] == scene for index, scene in backwards.items())


def test_no_two_seeds_or_indices_share_a_scene():
    settings = SceneSettings()
    # Neighbouring seeds and indices: seed + index must not be what counts.
    drawn = [sample_scene(settings, seed=seed, index=index) for seed in range(30) for index in range(30)]
    assert len(set(drawn)) == len(drawn)


def test_every_value_of_each_setting_is_drawn():
    settings = SceneSettings()
    drawn = scenes(600)
    assert {len(scene.instances) for scene in drawn} == set(range(5, 11))
    instances = [instance for scene in drawn for instance in scene.instances]
    assert {instance.box[2] for instance in instances} == set(range(20, 41))
    assert {instance.box[3] for instance in instances} == set(range(20, 41))
    # Unlike shapes share colours: every kind comes in every colour.
    pairs = {(instance.kind, instance.color) for instance in instances}
    assert pairs == set(itertools.product(settings.kinds, settings.colors))
    # And they do so within one image.
    assert any(len({shape.kind for shape in scene.instances if shape.color == (255, 0, 0)}) == 2 for scene in drawn)


def test_shapes_reach_every_edge_of_the_canvas():
    settings = SceneSettings(width=30, height=40, min_size=5, max_size=9)
    boxes = [shape.box for shape in shapes(500, settings)]
    assert min(x for x, _, _, _ in boxes) == 0
    assert min(y for _, y, _, _ in boxes) == 0
    assert max(x + w for x, _, w, _ in boxes) == 30
    assert max(y + h for _, y, _, h in boxes) == 40


def chi_square(values, choices):
    shares = Counter(values)
    assert set(shares) <= set(choices)
    expected = len(values) / len(choices)
    return sum((shares[choice] - expected) ** 2 / expected for choice in choices)


def test_draws_are_even():
    # Of k equal chances, chi-square has mean k - 1 and standard deviation sqrt(2 (k - 1)); each bound is six of those above.
    settings = SceneSettings(width=50, height=60, min_size=10, max_size=10)
    instances = shapes(1200, settings)
    assert chi_square([shape.box[0] for shape in instances], range(41)) < 40 + 6 * 80**0.5
    assert chi_square([shape.box[1] for shape in instances], range(51)) < 50 + 6 * 100**0.5
    assert chi_square([shape.kind for shape in instances], settings.kinds) < 1 + 6 * 2**0.5
    assert chi_square([shape.color for shape in instances], settings.colors) < 2 + 6 * 4**0.5
    assert chi_square([(s.kind, s.color) for s in instances], list(itertools.product(settings.kinds, settings.colors))) < 24
    assert chi_square([shape.box[2] for shape in shapes(1200)], range(20, 41)) < 20 + 6 * 40**0.5
    assert chi_square([len(scene.instances) for scene in scenes(1200)], range(5, 11)) < 5 + 6 * 10**0.5


def test_the_colours_are_a_stream_of_their_own():
    plain = SceneSettings()
    more = SceneSettings(colors=((1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12)))
    for index in range(20):
        one, other = (sample_scene(settings, seed=2, index=index) for settings in (plain, more))
        assert [(s.kind, s.box) for s in one.instances] == [(s.kind, s.box) for s in other.instances]


def test_what_is_drawn_is_what_this_generator_version_promises():
    """The mapping from words to scene, written out a second time: a change here means raising GENERATOR_VERSION."""
    assert GENERATOR_VERSION == 1

    def pick(value, count):
        return value * count // 2**64

    for seed, index in itertools.product((0, 7, 2**64 - 1), (0, 1, 17, 10**9)):
        geometry = words(seed, Stream.GEOMETRY, index, 51)
        colors = words(seed, Stream.COLOR, index, 10)
        expected = []
        for k in range(5 + pick(geometry[0], 6)):
            kind, w, h, x, y = geometry[1 + 5 * k : 6 + 5 * k]
            w, h = 20 + pick(w, 21), 20 + pick(h, 21)
            expected.append(
                (
                    ("rectangle", "ellipse")[pick(kind, 2)],
                    (pick(x, 224 - w + 1), pick(y, 224 - h + 1), w, h),
                    ((255, 0, 0), (0, 255, 0), (0, 0, 255))[pick(colors[k], 3)],
                )
            )
        scene = sample_scene(SceneSettings(), seed=seed, index=index)
        assert [(instance.kind, instance.box, instance.color) for instance in scene.instances] == expected


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (2**64, 0), (0, -1)])
def test_a_seed_or_index_out_of_range_is_refused(seed, index):
    with pytest.raises(UsageError, match="Received: "):
        sample_scene(SceneSettings(), seed=seed, index=index)
