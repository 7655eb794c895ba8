from collections import Counter

import numpy as np
import pytest

from shapeseg.errors import InputError, UsageError
from shapeseg.scenes import Instance, SceneSettings, sample_scene
from shapeseg.scenes.limited import sample_limited

BINS = ((-1, 0), (0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1))


def asked(scene):
    """Yields instance, measured rate and asked rate of every dialled target."""
    for instance, rate in zip(scene.instances, scene.render().occlusion_rates, strict=True):
        if instance.asked_occlusion is not None:
            yield instance, rate, instance.asked_occlusion


def scenes(settings, count=100):
    return [sample_scene(settings, seed=4, index=index) for index in range(count)]


@pytest.mark.parametrize("limit", [0.0, 0.1, 0.5])
def test_no_shape_is_hidden_beyond_the_limit(limit):
    most = max(scene.render().occlusion_rates.max() for scene in scenes(SceneSettings(max_occlusion=limit)))
    assert most <= limit
    assert most > 0 or limit == 0


def test_what_several_shapes_hide_of_one_adds_up():
    # Each of three strips would hide a fifth of the square. Two may; the third would bring it to three fifths.
    square = Instance("rectangle", (5, 5, 10, 10), (255, 0, 0))
    strips = [Instance("rectangle", (5, y, 10, 2), (0, 0, 255)) for y in (5, 8, 11)]
    settings = SceneSettings(width=64, height=64, min_size=2, max_size=10, max_occlusion=0.5)
    *kept, moved = sample_limited(settings, 0, 0, [square, *strips])
    assert kept == [square, *strips[:2]]
    assert moved != strips[2]


def test_no_overlap_means_disjoint_silhouettes():
    for scene in scenes(SceneSettings(max_occlusion=0.0), 40):
        assert scene.render().amodal_masks.sum(axis=0).max() <= 1


def test_scenes_within_the_limit_stay_as_they_are():
    changed = 0
    for index in range(60):
        free = sample_scene(SceneSettings(), seed=4, index=index)
        limited = sample_scene(SceneSettings(max_occlusion=0.4), seed=4, index=index)
        if free.render().occlusion_rates.max() <= 0.4:
            assert limited == free
        else:
            assert limited != free
            changed += 1
    assert changed


@pytest.mark.parametrize("rates", [(0.3,), (0.0, 0.6), (0.2, 0.5, 0.9)])
def test_each_asked_rate_is_met_within_two_hundredths(rates):
    for scene in scenes(SceneSettings(occlusion_rates=rates), 60):
        found = list(asked(scene))
        assert [wanted for _, _, wanted in found] == list(rates)
        assert all(abs(rate - wanted) <= 0.02 for _, rate, wanted in found)


def test_bins_are_filled_in_equal_numbers():
    counts = Counter()
    for scene in scenes(SceneSettings(occlusion_bins=True), 200):
        ((_, rate, wanted),) = asked(scene)
        assert abs(rate - wanted) <= 0.02
        counts[next(place for place, (low, high) in enumerate(BINS) if low < rate <= high)] += 1
    assert counts == dict.fromkeys(range(5), 40)


def test_every_five_indices_in_a_row_hold_every_bin():
    wanted = [next(asked(scene))[2] for scene in scenes(SceneSettings(occlusion_bins=True), 20)]
    for block in range(4):
        places = sorted(sum(rate > high for _, high in BINS) for rate in wanted[5 * block : 5 * block + 5])
        assert places == [0, 1, 2, 3, 4]


def test_all_other_shapes_stand_free():
    for scene in scenes(SceneSettings(occlusion_bins=True), 40):
        for instance, rate in zip(scene.instances, scene.render().occlusion_rates, strict=True):
            assert rate == 0 or instance.asked_occlusion


@pytest.mark.parametrize("color", ["same", "other", (9, 8, 7)])
def test_occluders_have_the_asked_kind_and_colour(color):
    settings = SceneSettings(occlusion_rates=(0.4,), occluder_kind="ellipse", occluder_color=color)
    for scene in scenes(settings, 40):
        place = next(place for place, instance in enumerate(scene.instances) if instance.asked_occlusion)
        target, occluder = scene.instances[place : place + 2]
        assert (target.kind, occluder.kind) == ("rectangle", "ellipse")
        expected = {"same": occluder.color == target.color, "other": occluder.color != target.color}
        assert expected.get(color, occluder.color == color)


@pytest.mark.parametrize("changes", [{"max_occlusion": 0.1}, {"occlusion_bins": True}, {"occlusion_rates": (0.5,)}])
def test_a_scene_is_a_pure_function_of_settings_seed_and_index(changes):
    settings = SceneSettings(**changes)
    backwards = [sample_scene(settings, seed=4, index=index) for index in reversed(range(20))]
    assert scenes(settings, 20) == backwards[::-1]
    assert scenes(settings, 20) != [sample_scene(settings, seed=5, index=index) for index in range(20)]


IMPOSSIBLE = {"min_instances": 40, "max_instances": 40, "max_occlusion": 0.0, "width": 100, "height": 100}


def test_an_impossible_request_ends_in_a_clear_error():
    with pytest.raises(InputError, match=r"no place for shape \d+ .*--best-effort"):
        sample_scene(SceneSettings(**IMPOSSIBLE), seed=0, index=0)


def test_best_effort_draws_fewer_and_says_how_many():
    scene = sample_scene(SceneSettings(**IMPOSSIBLE, best_effort=True), seed=0, index=0)
    assert 0 < scene.shortfall == 40 - len(scene.instances)
    assert scene.to_dict()["shortfall"] == scene.shortfall


@pytest.mark.parametrize(
    "changes",
    [
        {"max_occlusion": 1.5},
        {"max_occlusion": -0.1},
        {"occlusion_rates": (1.0,)},
        {"occlusion_rates": (0.5,), "max_occlusion": 0.2},
        {"occlusion_rates": (0.5,), "occlusion_bins": True},
        {"occluder_color": "other", "colors": ((1, 1, 1),)},
        {"occluder_color": (300, 0, 0)},
        {"target_kinds": ()},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes):
    with pytest.raises(UsageError):
        SceneSettings(**changes)


def test_more_kinds_leave_the_geometry_stream_as_it_is():
    usual = sample_scene(SceneSettings(), seed=4, index=0)
    more = sample_scene(SceneSettings(kinds=("star", "ring", "triangle", "polygon", "rotated_rectangle")), seed=4, index=0)
    assert [instance.box for instance in more.instances] == [instance.box for instance in usual.instances]
    assert {instance.kind for scene in scenes(SceneSettings(kinds=("star", "ring")), 20) for instance in scene.instances} == {
        "star",
        "ring",
    }


def test_another_kind_can_be_the_target():
    settings = SceneSettings(kinds=("rectangle", "star"), target_kinds=("star",))
    scene = sample_scene(settings, seed=4, index=0)
    truth = scene.render()
    stars = [mask for mask, instance in zip(truth.visible_masks, scene.instances, strict=True) if instance.kind == "star"]
    assert stars
    assert np.array_equal(truth.target(), np.any(stars, axis=0))
