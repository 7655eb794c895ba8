import re

import pytest
from html_tree import read_html

from shapeseg.reporting.page.charts import Estimate, curves_chart, interval_chart, interval_glyph, share_bar


def points(tree, name):
    """Places of the marks of a chart: circles of the first series, squares of the second."""
    if name == "circle":
        return [(float(dot.attributes["cx"]), float(dot.attributes["cy"])) for dot in tree.all("circle")]
    return [(float(dot.attributes["x"]) + 3.5, float(dot.attributes["y"]) + 3.5) for dot in tree.all("rect")]


def tick_heights(tree):
    """Value to height of every label of the vertical axis."""
    labels = [text for text in tree.all("text") if text.attributes["text-anchor"] == "end"]
    return {float(label.text): float(label.attributes["y"]) - 4 for label in labels}


def test_estimates_and_intervals_are_where_the_axis_says():
    estimates = [Estimate(0.8, [0.7, 0.9]), Estimate(0.4, [0.2, 0.5]), Estimate(None, None)]
    groups = [("a", "n 1"), ("b", "n 2"), ("c", "n 0")]
    tree = read_html(interval_chart("title", "x", groups, {"one": estimates, "two": [*estimates[:2], Estimate(1.0, None)]}))
    heights = tick_heights(tree)
    assert min(heights) == 0.2
    assert max(heights) == 1
    assert [y for _, y in points(tree, "circle")] == pytest.approx([heights[0.8], heights[0.4]])
    assert [y for _, y in points(tree, "rect")] == pytest.approx([heights[0.8], heights[0.4], heights[1]])
    brackets = [path.attributes["d"] for path in tree.all("path")]
    assert len(brackets) == 4
    low, high = re.match(r"M[\d.]+ ([\d.]+)V([\d.]+)", brackets[1]).groups()
    assert (float(low), float(high)) == pytest.approx((heights[0.2], (heights[0.4] + heights[0.6]) / 2), abs=0.1)
    assert "undefined" not in tree.text  # the third group has one of two


def test_a_group_without_any_estimate_says_so():
    nothing = [Estimate(0.95, None), Estimate(None, None)]
    tree = read_html(interval_chart("title", "x", [("a", ""), ("b", "")], {"one": nothing}))
    assert tree.text.count("undefined") == 1
    assert min(tick_heights(tree)) == 0.9
    assert len(points(tree, "circle")) == 1


def test_a_reliability_curve_lies_in_the_unit_square():
    tree = read_html(curves_chart("title", "x", {"one": [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]}, unit_square=True))
    (left, bottom), (x, y), (right, top) = points(tree, "circle")
    assert (x - left) / (right - left) == pytest.approx(0.5)
    assert (bottom - y) / (bottom - top) == pytest.approx(0.25, abs=0.001)
    diagonal = next(line for line in tree.all("line") if line.attributes["class"] == "diagonal").attributes
    assert [float(diagonal[key]) for key in ("x1", "y1", "x2", "y2")] == [left, bottom, right, top]


@pytest.mark.parametrize("curve", [[(1, 0.5)], [(1, 0.0), (2, 0.0)], [(1, 1e-7), (300, 3e-7)], [(1, -4.0), (3, 1200.0)]])
def test_curves_of_any_size_fit_their_axes(curve):
    tree = read_html(curves_chart("title", "epoch", {"one": curve}))
    heights = tick_heights(tree)
    assert min(heights) <= min(y for _, y in curve)
    assert max(heights) >= max(y for _, y in curve)
    assert 2 <= len(heights) <= 12
    assert len(points(tree, "circle")) == len(curve)
    assert all(0 <= x <= 420 and 0 <= y <= 260 for x, y in points(tree, "circle"))


def test_a_logarithmic_axis_falls_by_factors():
    tree = read_html(curves_chart("title", "epoch", {"one": [(1, 1.0), (2, 0.1), (3, 0.01)]}, scale="log"))
    (_, first), (_, second), (_, third) = points(tree, "circle")
    assert second - first == pytest.approx(third - second, abs=0.2)
    heights = tick_heights(tree)
    assert heights[0.1] == pytest.approx(second, abs=0.2)


@pytest.mark.parametrize("scale", ["log", "stretched"])
@pytest.mark.parametrize("curve", [[(1, 0.5)], [(1, 0.0), (2, 0.0)], [(1, 0.9981), (300, 0.9983)], [(1, 0.2), (3, 1.0)]])
def test_every_scale_holds_any_scores(scale, curve):
    tree = read_html(curves_chart("title", "epoch", {"one": curve}, scale=scale))
    assert len(points(tree, "circle")) == len(curve)
    assert all(0 <= x <= 420 and 0 <= y <= 260 for x, y in points(tree, "circle"))
    assert 1 <= len(tick_heights(tree)) <= 12


def test_a_long_curve_has_no_marks():
    tree = read_html(curves_chart("title", "epoch", {"one": [(k, k) for k in range(100)]}))
    assert not points(tree, "circle")
    (line,) = tree.all("polyline")
    assert line.attributes["points"].count(",") == 100


def test_glyphs_are_as_long_as_their_numbers():
    dot = read_html(interval_glyph(Estimate(0.25, [0.0, 0.5]))).all("circle")[0].attributes
    assert float(dot["cx"]) == 26
    assert "M2.0 8H50.0" in interval_glyph(Estimate(0.25, [0.0, 0.5]))
    assert not read_html(interval_glyph(Estimate(None, None))).all("circle")
    assert [bar.attributes["width"] for bar in read_html(share_bar(0.25)).all("rect")] == ["100", "25.0"]
