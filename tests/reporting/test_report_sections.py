"""Which sections a report has, how many of how many it shows, and its charts of a training."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from report_example import HISTORY, explorer_data, unknown_metrics


def of_photographs(images):
    """Images of which nothing is known but what is in their files, of one split."""
    return [replace(image, exact=None, wrong_decidable=None, instances=[], split="test") for image in images]


def test_a_page_of_photographs_has_nothing_that_is_unknown(report, metrics, images):
    unknown = ("by_occlusion", "breakdown", "wrong_pixels", "ambiguous", "iou_decidable", "iou_ceiling", "trained_on")
    given = metrics | dict.fromkeys(unknown) | {"calibration": metrics["calibration"] | {"decidable": None, "ambiguous": None}}
    given["panoptic"] = metrics["panoptic"] | {"touching_rectangles": None}
    text, tree = report(given, of_photographs(images), history=HISTORY)
    ids = [section.attributes["id"] for section in tree.all("section")]
    assert ids == ["scores", "failures", "calibration", "training", "origin"]
    words = tree.all("main")[0].text
    assert words.lower().count("unknown") == 1
    assert "Unknown, so not on this page: what occlusion does, and which pixels no image decides; this needs" in words
    assert [card.text for card in tree.all("dt")][:2] == ["Rectangle IoU", "Worst 5 %"]
    assert [select.attributes["name"] for select in tree.all("select")] == ["order"]
    assert [option.attributes["value"] for option in tree.all("option")] == ["wrong", "iou", "index"]
    layers = [each.attributes["value"] for each in tree.all("input") if each.attributes["name"] == "layer"]
    assert layers == ["truth", "belief", "prediction", "error"]
    assert "cannot be known" not in words
    assert "unknowable" not in text.partition("<script")[0].partition("</style>")[2]


def test_what_is_undefined_says_so_and_is_never_0(report, images):
    _, tree = report(unknown_metrics(), of_photographs(images[:1]))
    sections = {section.attributes["id"]: section.text for section in tree.all("section")}
    assert "0.000" not in tree.all("main")[0].text
    assert sections["scores"].count("undefined") == 12
    assert "calibration" not in sections  # of no pixel


def test_where_only_the_rule_is_unknown_occlusion_stays(report, metrics, images):
    given = metrics | dict.fromkeys(("ambiguous", "iou_decidable", "iou_ceiling"))
    given["calibration"] = metrics["calibration"] | {"decidable": None, "ambiguous": None}
    given["wrong_pixels"] = metrics["wrong_pixels"] | {"ambiguous": None}
    _, tree = report(given, [replace(image, exact=None, wrong_decidable=None) for image in images])
    sections = {section.attributes["id"]: section.text for section in tree.all("section")}
    assert list(sections) == ["scores", "occlusion", "wrong-pixels", "failures", "calibration", "origin"]
    assert "unknown" not in sections["wrong-pixels"]
    assert "it is not known by which rule the scenes were chosen" in sections["origin"]


def test_the_explorer_says_how_many_of_how_many_it_shows(report, metrics, images):
    def said(measured, shown):
        _, tree = report(metrics | {"images": measured}, shown)
        (section,) = [section for section in tree.all("section") if section.attributes["id"] == "failures"]
        assert explorer_data(tree)["measured"] == measured
        return section.all("p")[0].text.replace("\u202f", "")

    assert said(1234, images).startswith("8 of the 1234 images measured: those with the most wrong pixels that can be known.")
    assert said(1234, of_photographs(images)).startswith("8 of the 1234 images measured: those with the most wrong pixels. ")
    assert said(8, images).startswith("All 8 images measured.")


def test_every_headline_has_its_n(report, metrics, images):
    _, tree = report(metrics | {"images": 40, "iou_per_image_undefined": 1}, images)
    cards = [card.text.replace("\u00a0", " ") for card in tree.all("dd")[:4]]
    assert [re.findall(r"n = [0-9a-z ]*images", card) for card in cards] == [
        *[["n = 40 images"]] * 3,
        ["n = 2 of 39 images"],
    ]
    assert all(re.search(r"[0-9]", item.text) for item in tree.all("header")[0].all("li")[4:])
    captions = [table.all("caption")[0].text.replace("\u202f", "") for table in tree.all("table")]
    assert "All other scores, of 40 images" in captions
    assert "14580 wrong pixels, missed or invented, in 40 images" in captions
    assert "Model and exact probabilities, of 3900 ambiguous pixels of known probability" in captions


@pytest.mark.parametrize("history", [HISTORY, [*HISTORY, {"epoch": 13, "loss": float("nan"), "iou": 0.5}]])
def test_training_curves_show_what_is_known(report, metrics, history):
    _, tree = report(metrics, [], history=history)
    section = next(section for section in tree.all("section") if section.attributes["id"] == "training")
    loss, iou = (svg for svg in section.all("svg") if svg.attributes.get("class") == "chart")
    assert len(loss.all("circle")) == len(loss.all("rect")) == 12
    assert len(iou.all("circle")) == len(history)
    assert "val 0.04167" in section.text


def test_a_training_is_shown_under_its_ceiling_on_a_scale_that_tells(report, metrics):
    history = [row | {"val_iou": 1 - 10 ** -(row["epoch"] / 4), "val_iou_decidable": 0.999} for row in HISTORY]

    def shown(ceiling):
        _, tree = report(metrics, [], history=history, val_ceiling=ceiling)
        section = next(section for section in tree.all("section") if section.attributes["id"] == "training")
        return section, [svg for svg in section.all("svg") if svg.attributes.get("class") == "chart"][1]

    section, chart = shown(0.9871)
    (level,) = [line for line in chart.all("line") if line.attributes["class"] == "level"]
    heights = [float(square.attributes["y"]) + 3.5 for square in chart.all("rect")]
    steps = [one - other for one, other in pairwise(heights)]
    assert min(steps) == pytest.approx(max(steps), abs=0.3)  # a factor of the rest up to 1 is a length
    assert min(heights) < float(level.attributes["y1"]) < max(heights)
    assert "ceiling, of a large set: 0.9871" in section.text
    assert "val, decidable pixels" in section.text
    section, chart = shown(None)
    assert not [line for line in chart.all("line") if line.attributes["class"] == "level"]
    assert "ceiling" not in section.text
    assert "decidable" not in section.text


def test_the_log_loss_of_a_training_stands_over_the_least_possible(report, metrics):
    history = [row | {"val_log_loss": 1 / row["epoch"], "val_log_loss_floor": 0.0625} for row in HISTORY]
    _, tree = report(metrics, [], history=history)
    section = next(section for section in tree.all("section") if section.attributes["id"] == "training")
    assert len([svg for svg in section.all("svg") if svg.attributes.get("class") == "chart"]) == 3
    assert "Log loss, ambiguous pixels, log scale. After 12 epochs: val 0.08333, least possible 0.0625." in section.text
