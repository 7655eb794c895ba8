"""The page and the pictures of the occlusion study: of made-up numbers, and of the last full one."""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from command_runs import REPOSITORY

from shapeseg.reporting.pictures import save_figure
from shapeseg.workflows.study.intervals import stands
from shapeseg.workflows.study.matrix import counterfactual, iou_matrix, largest_losses, response
from shapeseg.workflows.study.order import order_test
from shapeseg.workflows.study.pictures import LOOKS, arms_response_figure, headline_figure, matrix_figure, order_figure
from shapeseg.workflows.study.scores import Rectangle, SetScores
from shapeseg.workflows.study.settings import ArmName
from shapeseg.workflows.study.tables import decidable_table, study_page

KEPT = REPOSITORY / "docs" / "study"
ARMS = get_args(ArmName)
IMAGES, SEEDS = 40, 3
RANDOM = np.random.Generator(np.random.PCG64(7))


def made_up():
    """Returns scores of one model on one test set."""
    contested = np.tile([25, 25, 5, 5], (IMAGES, 1))
    return SetScores(
        pixels=RANDOM.integers(1, 100, (IMAGES, 3)),
        decidable=RANDOM.integers(1, 100, (IMAGES, 3)),
        contested=contested,
        called=RANDOM.integers(0, contested + 1),
        rectangles=[Rectangle(place, 1, 0.2, "(0, 0.25]", "other", float(RANDOM.random())) for place in range(IMAGES)],
    )


def without_occluders(scores):
    return replace(scores, rectangles=[each._replace(occlusion_rate=0.0) for each in scores.rectangles])


@pytest.fixture(scope="module")
def results():
    tests = {name: {arm: [made_up() for _ in range(SEEDS)] for arm in ARMS} for name in ("clean", "natural", "dialled")}
    whole = {arm: [without_occluders(each) for each in seeds] for arm, seeds in tests["natural"].items()}
    holds = dict.fromkeys(("images", "shapes_per_image", "rectangles_per_image", "hidden_at_all", "rectangle_in_front"), 0.5)
    holds |= dict.fromkeys(("hidden_by_more_than_a_quarter", "hidden_pixels_per_image", "ambiguous_pixels_per_image"), 0.25)
    holds |= {"contested_pixels_per_image": 0.125, "rectangle_pixels_per_image": 2.0}
    return {
        "command": "made up",
        "quick": True,
        "settings": {"arms": ARMS, "train_images": 8, "seeds": SEEDS, "test_images": IMAGES, "training": {"epochs": 1}},
        "intervals": "None.",
        "training_sets": dict.fromkeys(ARMS, holds) | {"no-overlap": holds | {"rectangle_in_front": None}},
        "matrix": {name: iou_matrix(arms) for name, arms in tests.items()},
        "response": response(tests["dialled"]),
        "counterfactual": counterfactual(tests["natural"], whole, [{1: 1}] * IMAGES),
        "order": order_test(tests["natural"], tests["dialled"]),
        "worst": {name: largest_losses(arms, range(IMAGES)) for name, arms in tests.items()},
        "models": {arm: [{"run": "r", "threshold": 0.45, "val_iou": 0.9}] * SEEDS for arm in ARMS},
    }


def test_the_kept_page_is_that_of_the_kept_numbers():
    kept = json.loads((KEPT / "study.json").read_text())
    assert study_page(kept) == (KEPT / "study.md").read_text()


def shown_differences(results):
    """Returns what the page shows with a sign."""
    names = ("difference", "difference_decidable")
    matrix = [
        cell[name] for arms in results["matrix"].values() for arm, cell in arms.items() for name in names if arm != "all"
    ]
    changes = [change["change"] for bins in results["counterfactual"]["arms"].values() for change in bins.values()]
    places = [arms for places in results["order"]["called"].values() for arms in places.values()]
    return matrix + changes + [found["difference"] for arms in places for arm, found in arms.items() if arm != "all"]


def test_marks_are_those_of_the_seeds_and_are_counted(results):
    shown = [each for each in shown_differences(results) if each["value"] is not None]
    assert all(each["stands"] is stands(each) for each in shown)
    page = study_page(results)
    _, tables = page.split("## What each arm learned from")
    assert tables.count("(?)") == sum(not each["stands"] for each in shown) > 0
    stand = sum(each["stands"] for each in shown)
    assert f"{stand} of the {len(shown)} differences and changes shown stand; if" in page
    assert f"about {0.05 * len(shown):.0f} would, by chance." in page


def test_the_short_table_is_the_part_of_the_page_that_notebooks_show(results):
    short = decidable_table(results["matrix"])
    assert short in study_page(results)
    assert short.count("\n") == len(ARMS) + 1


def test_a_page_of_a_quick_study_says_so(results):
    words = "**A quick run: these numbers mean little.** "
    assert words in study_page(results)
    assert words not in study_page(results | {"quick": False})


def test_what_is_undefined_is_not_counted_and_one_seed_tells_nothing(results):
    count = sum(each["value"] is not None for each in shown_differences(results))
    cell = {**results["matrix"]["clean"]["heavy"]}
    cell["difference"] = {"value": None, "interval": None, "seeds": [None], "stands": None}
    cell["difference_decidable"] = {"value": 0.5, "interval": None, "seeds": [0.5], "stands": None}
    matrix = results["matrix"] | {"clean": results["matrix"]["clean"] | {"heavy": cell}}
    page = study_page(results | {"matrix": matrix})
    assert f" of the {count - 1} differences and changes shown stand" in page
    assert "| heavy | - |" in page
    assert "| heavy | +0.5000 (?) |" in page


def test_the_page_shows_the_order_test_what_overlaps_and_the_thresholds(results):
    page = study_page(results)
    behind = results["order"]["called"]["other"]["behind"]["drop-occluded-reversed"]
    (row,) = (
        line
        for line in page.split("## Order test")[1].split("### ")[1].splitlines()
        if line.startswith("| drop-occluded-reversed |")
    )
    assert row.split(" | ")[2] == f"{behind['value']:.4f}"
    assert row.split(" | ")[4].startswith(f"{behind['difference']['value']:+.4f}")
    assert "different colours: the image tells, 2000 pixels of 40 scenes" in page
    assert "| no-overlap | 0.25 | 0.12 | - | 0.25 |" in page
    assert "Those of `drop-occluded` are 12.5% of" in page
    assert "| heavy | 0.45, 0.45, 0.45 | 0.9000, 0.9000, 0.9000 |" in page


def test_every_arm_has_its_own_look_in_every_picture(results, tmp_path):
    assert len(set(LOOKS)) == len(LOOKS) >= len(ARMS)
    figure = order_figure(results["order"])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(ARMS)
    for ax in figure.axes:
        means = [line for line in ax.get_lines() if line.get_marker() != "."]
        hollow = [line.get_markerfacecolor() == "white" for line in means]
        assert sum(hollow) == sum(not each for each in hollow)
    for name, drawn in (("o", figure), ("m", matrix_figure(results)), ("r", arms_response_figure(results["response"]))):
        save_figure(drawn, tmp_path / f"{name}.png")


def test_the_two_panels_show_what_every_arm_reaches(results):
    figure = headline_figure(results)
    natural, called = results["matrix"]["natural"], results["order"]["called"]["other"]["behind"]
    expected = (
        [f"{natural[arm]['iou_decidable']['value']:.4f}" for arm in ARMS],
        [f"{called[arm]['value']:.2f}" for arm in ARMS],
    )
    for ax, values in zip(figure.axes, expected, strict=True):
        assert [text.get_text() for text in ax.texts] == values
        assert ax.yaxis_inverted()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(ARMS)
