"""The answer to a scene is what the package says elsewhere: its truth, its exact probabilities, and the scores of evaluate."""

from dataclasses import replace

import numpy as np
import pytest
from playground_frames import BLUE, MODEL, RED, WHITE, taken_apart

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.evaluation import evaluate_model
from shapeseg.scenes import Instance, Scene, SceneSettings
from shapeseg.scenes.ambiguity import MAX_GROUP
from shapeseg.scenes.rule import UNKNOWN
from shapeseg.workflows.playground.answer import BITS, answer
from shapeseg.workflows.playground.frame import encode, header
from shapeseg.workflows.playground.starts import STARTS

OVERLAP = STARTS["One colour"]
CROWD = Scene(
    120, 60, WHITE, tuple(Instance(("rectangle", "ellipse")[k % 2], (5 * k, 8, 24, 24), RED) for k in range(MAX_GROUP + 4))
)


def has(found, name):
    return (found.labels & BITS[name]) != 0


@pytest.fixture(scope="module")
def one_image(tmp_path_factory):
    """A dataset of one image with ambiguous pixels."""
    folder = tmp_path_factory.mktemp("one") / "data"
    scene = SceneSettings(width=64, height=64, min_size=12, max_size=24, colors=(RED,), min_instances=6, max_instances=6)
    create_dataset(folder, num_images=1, seed=4, settings=DatasetSettings(scene=scene))
    return Dataset(folder)


@pytest.mark.parametrize("scene", STARTS.values(), ids=STARTS)
def test_every_pixel_is_what_the_truth_says(scene):
    found, truth = answer(scene, MODEL), scene.render()
    known = truth.ambiguous & ~np.isnan(truth.rectangle_probability)
    assert np.array_equal(has(found, "visible"), truth.target())
    assert np.array_equal(has(found, "whole"), truth.target("amodal"))
    assert np.array_equal(has(found, "ambiguous"), known)
    assert np.array_equal(has(found, "predicted"), found.belief >= 0.5)
    assert not has(found, "unknown").any()
    assert np.array_equal(found.exact, truth.rectangle_probability[known])
    assert np.array_equal(found.belief, MODEL.probabilities(truth.image[None])[0])


def test_the_scores_are_those_of_an_evaluation_of_this_image(one_image):
    measured = evaluate_model(MODEL, one_image).metrics
    numbers = answer(one_image.scene(0), MODEL).numbers
    assert numbers["ambiguous_pixels"] == measured["ambiguous"]["pixels"] > 0
    for name in ("iou", "iou_decidable", "iou_ceiling"):
        assert numbers[name] == pytest.approx(measured[name], abs=1e-12)
    for name in ("log_loss", "log_loss_floor", "mean_absolute_difference"):
        assert numbers[name] == pytest.approx(measured["ambiguous"][name], abs=1e-12)


def test_pieces_say_where_no_one_can_know_and_how_far_belief_goes():
    found, truth = answer(OVERLAP, MODEL), OVERLAP.render()
    (piece,) = found.pieces
    rows, columns = np.nonzero(truth.ambiguous)
    x, y, w, h = piece.box
    assert (x, y, x + w, y + h) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert piece.pixels == truth.ambiguous.sum()
    assert piece.exact == (0.5, 0.5)
    assert piece.belief == pytest.approx((0.3, 0.9))


def test_a_search_that_is_given_up_is_unknown_and_the_rest_is_as_ever():
    found, whole = answer(OVERLAP, MODEL, give_up=lambda: True), answer(OVERLAP, MODEL)
    assert found.numbers["unknown_pixels"] == OVERLAP.render().amodal_masks.any(axis=0).sum()
    assert (found.numbers["ambiguous_pixels"], found.numbers["log_loss"], found.pieces) == (0, None, [])
    for name in ("visible", "whole", "predicted"):
        assert np.array_equal(has(found, name), has(whole, name))
    assert found.numbers["iou"] == whole.numbers["iou"]


def test_a_group_beyond_the_search_is_unknown():
    found = answer(CROWD, MODEL)
    assert np.array_equal(has(found, "unknown"), CROWD.render().ambiguous)
    assert found.numbers["unknown_pixels"] == CROWD.render().beyond_search > 0
    assert found.exact.size == 0


def test_a_model_is_not_asked_again_where_it_was_asked_before():
    belief = np.full((112, 112), 0.25, np.float32)
    assert np.array_equal(answer(OVERLAP, MODEL, belief=belief).belief, belief)


def test_where_the_rule_is_unknown_so_is_what_follows_from_it():
    numbers = answer(replace(OVERLAP, rule=UNKNOWN), MODEL).numbers
    asked = ("iou_decidable", "iou_ceiling", "log_loss", "log_loss_floor", "ambiguous_pixels", "unknown_pixels")
    assert [numbers[name] for name in asked] == [None] * len(asked)
    assert numbers["iou"] is not None


def test_a_model_of_whole_rectangles_is_scored_by_them():
    found, truth = answer(OVERLAP, replace(MODEL, target="amodal")), OVERLAP.render()
    predicted, whole = has(found, "predicted"), truth.target("amodal")
    assert found.numbers["iou"] == (predicted & whole).sum() / (predicted | whole).sum()
    assert found.numbers["ambiguous_pixels"] is None
    assert not has(found, "ambiguous").any()


def test_an_ignored_shape_is_in_no_score():
    ignored = OVERLAP.instances[0]._replace(ignored=True)
    other = Instance("rectangle", (4, 4, 20, 20), BLUE)
    found = answer(replace(OVERLAP, instances=(ignored, other)), MODEL)
    assert has(found, "ignored").sum() == 40 * 34
    assert (found.numbers["found"], found.numbers["missed"], found.numbers["invented"]) == (0, 400, 0)


@pytest.mark.parametrize("scene", [OVERLAP, CROWD, Scene(20, 10, WHITE, ())], ids=["overlap", "crowd", "empty"])
def test_a_frame_holds_the_answer_to_the_last_bit_that_it_has_room_for(scene):
    found = answer(scene, MODEL)
    frame = taken_apart(encode({"sequence": 7} | header(found), found))
    assert Scene.from_dict(frame.head["scene"]) == scene
    assert frame.head["sequence"] == 7
    assert frame.head["numbers"] == found.numbers
    assert frame.head["occlusion_rates"] == scene.render().occlusion_rates.tolist()
    assert np.array_equal(frame.instances, scene.render().instance_map)
    assert np.array_equal(frame.labels, found.labels)
    assert np.abs(frame.belief / 65535 - found.belief).max() <= 0.5 / 65535 + 1e-7
    assert np.array_equal(frame.exact, found.exact.astype(np.float32))


def test_every_start_shows_what_its_name_says():
    open_pixels = {name: answer(scene, MODEL).numbers["ambiguous_pixels"] for name, scene in STARTS.items()}
    assert open_pixels["Two colours"] == 0
    assert all(pixels > 100 for name, pixels in open_pixels.items() if name != "Two colours")
    hidden = STARTS["A hidden side"]
    assert hidden.render().occlusion_rates[0] > 0
    assert hidden.instances[2].color != hidden.instances[0].color
    inner, outer = STARTS["One inside the other"].instances[::-1]
    assert (STARTS["One inside the other"].render().amodal_areas[1]) < outer.box[2] * outer.box[3]
    assert inner.box[0] > outer.box[0]
    assert inner.box[0] + inner.box[2] < outer.box[0] + outer.box[2]
