import pytest

from shapeseg.evaluation.groups import breakdown, by_occlusion
from shapeseg.evaluation.instances import InstanceRecord


def record(recall, iou=None, occlusion="0", kind="none", color="none", pieces="one", ignored=0):
    return InstanceRecord(1, 0.0, occlusion, kind, color, pieces, 100, 100, recall, iou, 0, ignored)


IMAGES = [
    [record(1.0, 0.9), record(0.5, 0.5, "(0, 0.25]", "ellipse", "same")],
    [record(0.8, 0.7), record(0.2, 0.1, "(0, 0.25]", "ellipse", "same", "cut"), record(0.1, ignored=1)],
    [record(None, None, "hidden", "rectangle", "other", "hidden")],
    [],
]


def test_means_over_rectangles_by_hand():
    bins = by_occlusion(IMAGES)
    assert list(bins) == ["0", "(0, 0.25]", "(0.25, 0.5]", "(0.5, 0.75]", "(0.75, 1)", "hidden"]
    assert (bins["0"]["n"], bins["0"]["images"]) == (2, 2)  # the ignored one is left out
    assert bins["0"]["recall"] == pytest.approx(0.9)
    assert bins["0"]["iou"] == pytest.approx(0.8)
    assert bins["(0, 0.25]"]["recall"] == pytest.approx(0.35)
    assert bins["0"]["recall_interval"] is None  # of two images
    nothing = {"recall": None, "recall_interval": None, "iou": None, "iou_interval": None}
    assert bins["(0.25, 0.5]"] == {"n": 0, "images": 0, **nothing}
    assert bins["hidden"] == {"n": 1, "images": 1, **nothing}


def test_iou_has_an_interval_from_120_images_on_and_recall_from_1000():
    images = [[record(0.5 + 0.1 * (place % 5), 0.4 + 0.1 * (place % 4))] for place in range(1000)]
    few, enough, many = (by_occlusion(images[:number])["0"] for number in (119, 120, 1000))
    assert [cell["iou_interval"] is None for cell in (few, enough, many)] == [True, False, False]
    assert [cell["recall_interval"] is None for cell in (few, enough, many)] == [True, True, False]
    low, high = many["recall_interval"]
    assert low < many["recall"] < high
    crowded = by_occlusion([images[0] + images[1]] * 60)["0"]
    assert (crowded["n"], crowded["iou_interval"]) == (120, None)  # rectangles of one image are not independent


def test_each_rectangle_counts_the_same_not_each_image():
    bins = by_occlusion([[record(1.0), record(1.0), record(1.0)], [record(0.0)]])
    assert bins["0"]["recall"] == 0.75


def test_the_breakdown_has_every_cell_that_has_any():
    cells = breakdown(IMAGES)
    assert [tuple(cell.values())[:6] for cell in cells] == [
        ("0", "none", "none", "one", 2, 2),
        ("(0, 0.25]", "ellipse", "same", "cut", 1, 1),
        ("(0, 0.25]", "ellipse", "same", "one", 1, 1),
    ]
    assert [cell["recall"] for cell in cells] == [pytest.approx(0.9), 0.2, 0.5]
    assert list(cells[0]) == [
        "occlusion",
        "occluder_kind",
        "occluder_color",
        "pieces",
        "n",
        "images",
        "recall",
        "recall_interval",
        "iou",
        "iou_interval",
    ]
