"""Where the model errs: which pixels are wrong, and whether its probabilities can be trusted."""

from __future__ import annotations

from shapeseg.reporting.page.charts import Curve, curves_chart, share_bar
from shapeseg.reporting.page.markup import Markup, element, table
from shapeseg.reporting.page.values import NO_RECIPES, Metrics, absent, count, figure, lookup, note, number, percent

WHERE = {
    "outer border": "along the edge between a rectangle and the background",
    "occlusion contour": "along the edge where a rectangle hides a shape, or is hidden by one",
    "ambiguous": "where the image cannot tell which shape is in front",
    "elsewhere": "inside shapes, or far from any",
}


def wrong_pixels(metrics: Metrics) -> Markup:
    """Returns how many wrong pixels lie where."""
    found = metrics.get("wrong_pixels")
    if found is None:
        return element("p", absent("unknown", NO_RECIPES))
    total = sum(pixels or 0 for pixels in found.values())
    rows = [(name, count(pixels), *_share(pixels, total), WHERE.get(name, "")) for name, pixels in found.items()]
    title = f"{count(total)} wrong pixels, missed or invented"
    return table(title, ("where", "pixels", "share", "of all", "what that is"), rows, class_="scores figures")


def calibration(metrics: Metrics) -> Markup:
    """Returns the reliability curves of decidable and of ambiguous pixels, or of all where these are unknown; their tables."""
    found = {name: lookup(metrics, f"calibration.{name}") for name in ("decidable", "ambiguous")}
    known = {name: measured for name, measured in found.items() if measured is not None}
    if not known and (measured := lookup(metrics, "calibration.all")) is not None:
        known = {"all": measured}
    if not known:
        return element("p", absent("unknown", "it was not measured"))
    chart = curves_chart(
        "Share of pixels that are rectangle against the probability that the model gives; the tables have the numbers",
        "probability that the model gives",
        {name: _reliability(measured) for name, measured in known.items()},
        unit_square=True,
    )
    remark = "Height: share of such pixels that are rectangle. On the dashed diagonal, probabilities mean what they say."
    missing = [element("p", f"{name.capitalize()} pixels: ", absent("unknown", NO_RECIPES)) for name in found.keys() - known]
    meaning = note("Expected error: mean distance from the diagonal, each bin weighted by its pixels. Lower is better.")
    tables = [_bins(name, measured) for name, measured in known.items()]
    return element("div", figure(chart, list(known), remark), element("div", *tables, *missing, meaning), class_="pair")


def _bins(name: str, measured: Metrics) -> Markup:
    rows = [
        (f"{each['low']:g} to {each['high']:g}", count(each["pixels"]), number(each["confidence"]), number(each["frequency"]))
        for each in measured["bins"]
    ]
    header = ("probability", "pixels", "its mean", "are rectangle")
    title = element("summary", f"{name.capitalize()} pixels: expected error ", number(measured["expected_error"], 4))
    return element("details", title, table(f"Calibration, {name} pixels", header, rows), open=name != "ambiguous")


def _reliability(measured: Metrics) -> Curve:
    return [(each["confidence"], each["frequency"]) for each in measured["bins"] if each["frequency"] is not None]


def _share(pixels: int | None, total: int) -> tuple[object, object]:
    return ("", "") if pixels is None or not total else (percent(pixels / total), share_bar(pixels / total))
