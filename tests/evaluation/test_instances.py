import numpy as np
import pytest

from shapeseg.datasets.examples import Example, labels_of
from shapeseg.evaluation.components import pieces
from shapeseg.evaluation.instances import MARGIN, instance_records
from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def measured(scene, predict=lambda example: example.target, target="visible"):
    truth = scene.render()
    example = Example(0, truth.image, labels_of(truth, target), truth)
    predicted = predict(example)
    return instance_records(example, truth, predicted, pieces(example.target), target)


def rectangle(*box, color=RED, **extras):
    return Instance("rectangle", box, color, **extras)


def ellipse(*box, color=RED):
    return Instance("ellipse", box, color)


def scene_of(*instances):
    return Scene(80, 60, WHITE, instances)


def test_recall_and_iou_by_hand():
    # A 10 x 10 rectangle of which the left 8 columns are found. Invented: 6 pixels above it within the margin, 5 just beyond
    # the margin, and 4 far away. recall 80 / 100, IoU 80 / (100 + 6).
    def predict(example):
        predicted = example.target.copy()
        predicted[20:30, 28:30] = False
        predicted[20 - MARGIN, 20:26] = True
        predicted[20 - MARGIN - 1, 20:25] = True
        predicted[50, 50:54] = True
        return predicted

    (record,) = measured(scene_of(rectangle(20, 20, 10, 10)), predict)
    assert (record.found_pixels, record.recall, record.iou) == (80, 0.8, 80 / 106)


def test_invented_pixels_count_for_every_rectangle_near_them_and_true_ones_of_others_for_none():
    # Two rectangles three pixels apart, each in the other's margin by nothing; one invented pixel between them.
    def predict(example):
        predicted = example.target.copy()
        predicted[15, 21] = True
        return predicted

    one, other = measured(scene_of(rectangle(10, 10, 10, 10), rectangle(23, 10, 10, 10)), predict)
    assert one.iou == other.iou == 100 / 101
    near, _ = measured(scene_of(rectangle(10, 10, 10, 10), rectangle(20, 10, 10, 10)))
    assert near.iou == 1


@pytest.mark.parametrize(
    ("occluders", "kind", "color", "cut"),
    [
        ([], "none", "none", "one"),
        ([ellipse(30, 12, 20, 20)], "ellipse", "same", "one"),
        ([rectangle(30, 5, 8, 40, color=BLUE)], "rectangle", "other", "cut"),
        ([ellipse(12, 5, 12, 12), ellipse(40, 30, 12, 12, color=BLUE)], "ellipse", "both", "one"),
        ([ellipse(12, 5, 12, 12, color=BLUE), rectangle(40, 30, 12, 12, color=BLUE)], "several", "other", "one"),
        ([rectangle(15, 5, 40, 40, color=BLUE)], "rectangle", "other", "hidden"),
        ([rectangle(60, 40, 10, 10)], "none", "none", "one"),  # far from it
    ],
)
def test_what_hides_a_rectangle(occluders, kind, color, cut):
    record = measured(scene_of(rectangle(20, 10, 30, 30), *occluders))[0]
    assert (record.occluder_kind, record.occluder_color, record.pieces) == (kind, color, cut)
    assert record.instance == 1


def test_only_what_is_in_front_and_seen_hides():
    # The red ellipse is behind, and the blue rectangle is itself covered where it would hide the first.
    behind, target, covered = ellipse(15, 5, 20, 20), rectangle(20, 10, 30, 30), rectangle(40, 20, 8, 8, color=BLUE)
    record = measured(scene_of(behind, target, covered, ellipse(30, 10, 25, 30)))[0]
    assert record.instance == 2
    assert (record.occluder_kind, record.occluder_color) == ("ellipse", "same")


def test_a_wholly_hidden_rectangle_has_no_recall_unless_it_is_to_be_found():
    scene = scene_of(rectangle(20, 10, 10, 10), ellipse(10, 2, 40, 40, color=BLUE))
    (record,) = measured(scene)
    assert (record.occlusion, record.visible_area, record.found_pixels) == ("hidden", 0, 0)
    assert (record.recall, record.iou) == (None, None)
    (whole,) = measured(scene, lambda example: example.truth.amodal_masks[0], target="amodal")
    assert (whole.occlusion, whole.found_pixels, whole.recall, whole.iou) == ("hidden", 100, 1, 1)


def test_an_ignored_rectangle_has_no_scores():
    ignored, other = measured(scene_of(rectangle(20, 10, 10, 10, ignored=True), rectangle(50, 10, 10, 10)))
    assert (ignored.ignored, ignored.found_pixels, ignored.recall, ignored.iou) == (1, None, None, None)
    assert (other.ignored, other.found_pixels, other.recall, other.iou) == (0, 100, 1, 1)


@pytest.mark.parametrize(
    ("other", "touching"),
    [
        (rectangle(30, 10, 10, 10, color=BLUE), 1),  # edge to edge
        (rectangle(30, 20, 10, 10), 0),  # corner to corner
        (rectangle(31, 10, 10, 10), 0),
        (rectangle(25, 15, 10, 10), 1),  # hides a part
        (ellipse(30, 10, 10, 10), 0),  # no target
    ],
)
def test_rectangles_touch_when_their_pixels_are_in_one_piece(other, touching):
    records = measured(scene_of(rectangle(20, 10, 10, 10), other))
    assert {record.touching for record in records} == {touching}


@pytest.mark.parametrize("target", ["visible", "amodal"])
@pytest.mark.parametrize("index", range(8))
def test_records_agree_with_whole_masks(index, target):
    scene = sample_scene(SceneSettings(width=60, height=50, min_size=8, max_size=25), seed=4, index=index)
    truth = scene.render()
    noise = np.random.Generator(np.random.PCG64(index)).random(truth.instance_map.shape) < 0.2
    records = measured(scene, lambda example: example.target ^ noise, target)
    predicted = truth.target(target) ^ noise
    masks = truth.visible_masks if target == "visible" else truth.amodal_masks
    places = [place for place, each in enumerate(scene.instances) if each.kind == "rectangle"]
    assert [record.instance for record in records] == [place + 1 for place in places]
    for record, place in zip(records, places, strict=True):
        own = masks[place]
        x, y, w, h = scene.instances[place].box
        near = np.zeros_like(own)
        near[max(y - 2, 0) : y + h + 2, max(x - 2, 0) : x + w + 2] = True
        union = own | (near & predicted & ~truth.target(target))
        found = (own & predicted).sum()
        assert record.found_pixels == found
        assert record.visible_area == truth.visible_masks[place].sum()
        assert record.occlusion_rate == truth.occlusion_rates[place]
        assert record.recall == (pytest.approx(found / own.sum()) if own.any() else None)
        assert record.iou == (pytest.approx(found / union.sum()) if own.any() else None)
