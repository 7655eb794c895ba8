"""The page of the occlusion study, from the numbers of the last full one."""

import json

import pytest
from command_runs import REPOSITORY

from shapeseg.workflows.study.intervals import stands
from shapeseg.workflows.study.tables import study_page

KEPT = REPOSITORY / "docs" / "study"


@pytest.fixture
def results():
    return json.loads((KEPT / "study.json").read_text())


def test_the_kept_page_is_that_of_the_kept_numbers(results):
    assert study_page(results) == (KEPT / "study.md").read_text()


def shown_differences(results):
    """Returns what the page shows with a sign."""
    names = ("difference", "difference_decidable")
    matrix = [
        cell[name] for arms in results["matrix"].values() for arm, cell in arms.items() for name in names if arm != "all"
    ]
    return matrix + [change["change"] for bins in results["counterfactual"]["arms"].values() for change in bins.values()]


def test_marks_are_those_of_the_seeds_and_are_counted(results):
    shown = shown_differences(results)
    assert all(each["stands"] is stands(each) for each in shown)
    page = study_page(results)
    _, tables = page.split("## What each arm learned from")
    assert tables.count("(?)") == sum(not each["stands"] for each in shown) > 0
    stand = sum(each["stands"] for each in shown)
    assert f"{stand} of the {len(shown)} differences and changes shown stand; if" in page
    assert f"about {0.05 * len(shown):.0f} would, by chance." in page


def test_what_is_undefined_is_not_counted_and_one_seed_tells_nothing(results):
    count = len(shown_differences(results))
    cell = results["matrix"]["clean"]["heavy"]
    cell["difference"] = {"value": None, "interval": None, "seeds": [None], "stands": None}
    cell["difference_decidable"] = {"value": 0.5, "interval": None, "seeds": [0.5], "stands": None}
    page = study_page(results)
    assert f" of the {count - 1} differences and changes shown stand" in page
    assert "| heavy | - |" in page
    assert "| heavy | +0.5000 (?) |" in page
