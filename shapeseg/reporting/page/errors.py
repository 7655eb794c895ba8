"""Where the model errs: which pixels are wrong, and whether its probabilities can be trusted."""

from __future__ import annotations

from shapeseg.evaluation.ambiguous_pixels import AmbiguousScores
from shapeseg.evaluation.calibration import Calibration
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.page.charts import Curve, curves_chart, share_bar
from shapeseg.reporting.page.markup import Markup, element, table
from shapeseg.reporting.page.values import NO_RECIPES, absent, count, figure, note, number, percent

WHERE = {
    "outer border": "along the edge between a rectangle and the background",
    "occlusion contour": "along the edge where a rectangle hides a shape, or is hidden by one",
    "ambiguous": "where the image cannot tell which shape is in front",
    "elsewhere": "inside shapes, or far from any",
}


def wrong_pixels(metrics: Metrics) -> Markup:
    """Returns how many wrong pixels lie where."""
    found = metrics["wrong_pixels"]
    if found is None:
        return element("p", absent("unknown", NO_RECIPES))
    total = sum(pixels or 0 for pixels in found.values())
    rows = [(name, count(pixels), *_share(pixels, total), WHERE.get(name, "")) for name, pixels in found.items()]
    title = f"{count(total)} wrong pixels, missed or invented"
    return table(title, ("where", "pixels", "share", "of all", "what that is"), rows, class_="scores figures")


def calibration(metrics: Metrics) -> Markup:
    """Returns the reliability curves of decidable and of ambiguous pixels, or of all where these are unknown; their tables.

    Of ambiguous pixels the exact probability counts, not the label that was drawn.
    """
    measured, exact = metrics["calibration"], metrics["ambiguous"]
    found = {"decidable": measured["decidable"], "ambiguous": exact and _as_calibration(exact)}
    known = {name: each for name, each in found.items() if each is not None} or {"all": measured["all"]}
    chart = curves_chart(
        "Share of pixels that are rectangle against the probability that the model gives; the tables have the numbers",
        "probability that the model gives",
        {name: _reliability(each) for name, each in known.items()},
        unit_square=True,
    )
    remark = (
        "Height: share of such pixels that are rectangle; of ambiguous ones, mean exact probability. On the dashed diagonal, "
        "probabilities mean what they say."
    )
    missing = [element("p", f"{name.capitalize()} pixels: ", absent("unknown", NO_RECIPES)) for name in found.keys() - known]
    meaning = note("Expected error: mean distance from the diagonal, each bin weighted by its pixels. Lower is better.")
    tables = [_bins(name, each) for name, each in known.items()]
    return element("div", figure(chart, list(known), remark), element("div", *tables, *missing, meaning), class_="pair")


def _as_calibration(exact: AmbiguousScores) -> Calibration:
    return {"expected_error": exact["calibration_error"], "pixels": exact["pixels"], "bins": exact["bins"]}


def _bins(name: str, measured: Calibration) -> Markup:
    rows = [
        (f"{each['low']:g} to {each['high']:g}", count(each["pixels"]), number(each["confidence"]), number(each["frequency"]))
        for each in measured["bins"]
    ]
    header = ("probability", "pixels", "its mean", "are rectangle")
    title = element("summary", f"{name.capitalize()} pixels: expected error ", number(measured["expected_error"], 4))
    return element("details", title, table(f"Calibration, {name} pixels", header, rows), open=name != "ambiguous")


def _reliability(measured: Calibration) -> Curve:
    points = ((each["confidence"], each["frequency"]) for each in measured["bins"])
    return [(confidence, frequency) for confidence, frequency in points if confidence is not None and frequency is not None]


def _share(pixels: int | None, total: int) -> tuple[object, object]:
    return ("", "") if pixels is None or not total else (percent(pixels / total), share_bar(pixels / total))
