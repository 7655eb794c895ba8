import numpy as np
import pytest
from drawn_texts import check_texts

from shapeseg.evaluation.calibration import calibration, reliability
from shapeseg.evaluation.threshold import CANDIDATES, counts_at, histograms
from shapeseg.reporting.evaluation_charts import (
    breakdown_figure,
    calibration_figure,
    errors_figure,
    response_figure,
    threshold_figure,
)

TRUTH = np.array([True, True, False, False, False])
PROBABILITY = np.array([0.97, 0.42, 0.62, 0.08, 0.02], np.float32)


def line(axes, label):
    (found,) = [each for each in axes.lines if each.get_label() == label]
    return found


def test_the_threshold_picture_shows_the_scores_of_every_candidate():
    found = histograms(TRUTH, PROBABILITY)
    whole, _ = threshold_figure(found, 0.4).axes
    for name in ("IoU", "precision", "recall"):
        scores = [getattr(counts_at(found, candidate), name.lower()) for candidate in CANDIDATES]
        assert list(line(whole, name).get_ydata()) == scores
    assert list(line(whole, "chosen: 0.4").get_xdata()) == [0.4, 0.4]


@pytest.mark.parametrize("known", [True, False])
def test_the_calibration_picture_shows_the_groups_that_are_known(known):
    group = calibration(reliability(PROBABILITY, TRUTH))
    measured = {"all": group, "decidable": group if known else None, "ambiguous": None}
    curve, pixels = calibration_figure({"calibration": measured, "ambiguous": None}).axes
    name = "decidable" if known else "all"
    shares = line(curve, f"{name}, expected error {group['expected_error']:.4f}")
    assert list(shares.get_ydata()) == [0, 1, 0, 1]
    assert list(shares.get_xdata()) == pytest.approx([0.05, 0.42, 0.62, 0.97])
    assert list(line(pixels, name).get_ydata()) == [2, 1, 1, 1]


def test_of_ambiguous_pixels_the_calibration_picture_shows_the_exact_probability():
    drawn, exact = calibration(reliability(PROBABILITY, TRUTH)), calibration(reliability(PROBABILITY, np.full(5, 0.5)))
    scores = {"calibration_error": exact["expected_error"], "pixels": exact["pixels"], "bins": exact["bins"]}
    measured = {"all": drawn, "decidable": drawn, "ambiguous": drawn}
    curve, _ = calibration_figure({"calibration": measured, "ambiguous": scores}).axes
    shares = line(curve, f"ambiguous, expected error {exact['expected_error']:.4f}")
    assert list(shares.get_ydata()) == [0.5, 0.5, 0.5, 0.5]


def test_errors_are_counted_by_place_and_images_without_a_score_left_out():
    images = [{"iou": 0.9, "max_occlusion": 0.5}, {"iou": None, "max_occlusion": None}, {"iou": 1.0, "max_occlusion": 0.0}]
    places, dots = errors_figure({"outer border": 30, "ambiguous": None, "elsewhere": 10}, images).axes
    assert [text.get_text() for text in places.texts] == ["30 (75%)", "10 (25%)"]
    assert dots.collections[0].get_offsets().tolist() == [[0.5, 0.9], [0.0, 1.0]]


def test_the_response_leaves_out_bins_without_rectangles():
    empty = {"n": 0, "recall": None, "recall_interval": None, "iou": None, "iou_interval": None}
    half = {"n": 7, "recall": 0.5, "recall_interval": [0.4, 0.7], "iou": 0.4, "iou_interval": None}
    recall, iou = response_figure({"reference": {"0": empty, "(0, 0.25]": half, "hidden": empty}}).axes
    assert [text.get_text() for text in recall.get_xticklabels()] == ["0\nn = 0", "(0, 0.25]\nn = 7"]
    assert [list(axes.lines[0].get_ydata()) for axes in (recall, iou)] == [[0.5], [0.4]]
    (bar,) = recall.collections[0].get_segments()
    assert bar[:, 1].tolist() == pytest.approx([0.4, 0.7])
    few, _ = response_figure({"reference": {"0": half | {"recall_interval": None}}}).axes
    assert [text.get_text() for text in few.get_xticklabels()] == ["0\nfew\nn = 7"]
    assert not any(bar.size for bar in few.collections[0].get_segments())


def test_the_breakdown_is_a_line_an_occluder_with_the_pieces_pooled():
    def cell(occlusion, color, pieces, n, recall):
        found = {"occlusion": occlusion, "occluder_kind": "ellipse", "occluder_color": color, "pieces": pieces, "n": n}
        return found | {"images": n, "recall": recall, "iou": recall / 2, "recall_interval": None, "iou_interval": None}

    cells = [
        cell("(0, 0.25]", "same", "one", 6, 0.75),
        cell("(0.25, 0.5]", "same", "one", 3, 1.0),
        cell("(0.25, 0.5]", "same", "cut", 9, 0.5),
        cell("(0.5, 0.75]", "same", "cut", 4, 0.25),
        cell("(0, 0.25]", "other", "one", 8, 1.0),
        cell("0", "none", "one", 50, 1.0),
    ]
    figure = breakdown_figure(cells)
    check_texts(figure)
    recall, iou = figure.axes
    same = line(recall, "ellipse, same colour (n = 6, 12, 4, 0)")
    assert list(same.get_xdata()) == [0, 1]  # of the third bin there are too few
    assert list(same.get_ydata()) == [0.75, 0.625]
    assert list(line(iou, "ellipse, other colour (n = 8, 0, 0, 0)").get_ydata()) == [0.5]
    assert len(recall.lines) == 2


def test_without_anything_hidden_the_breakdown_is_empty():
    assert [len(axes.lines) for axes in breakdown_figure([]).axes] == [0, 0]
