"""Where the model errs: which pixels are wrong, and whether its probabilities can be trusted."""

from __future__ import annotations

from shapeseg.evaluation.calibration import Calibration
from shapeseg.evaluation.metrics import Metrics, reliability_groups
from shapeseg.reporting.page.charts import Curve, curves_chart, share_bar
from shapeseg.reporting.page.markup import Markup, element, join, table
from shapeseg.reporting.page.values import count, figure, many, note, number, percent, target_name

WHERE = {
    "outer border": "along the edge between a rectangle and the background",
    "occlusion contour": "along the edge where a rectangle hides a shape, or is hidden by one",
    "ambiguous": "where the image cannot tell which shape is in front",
    "elsewhere": "inside shapes, or far from any",
}


def wrong_pixels(metrics: Metrics) -> Markup:
    """Returns how many wrong pixels lie where; nothing where that is unknown."""
    found = {name: pixels for name, pixels in (metrics["wrong_pixels"] or {}).items() if pixels is not None}
    if not found:
        return Markup()
    total = sum(found.values())
    rows = [(name, count(pixels), *_share(pixels, total), WHERE.get(name, "")) for name, pixels in found.items()]
    title = join([count(total), " wrong pixels, missed or invented, in ", many(metrics["images"], "image")])
    return table(title, ("where", "pixels", "share", "of all", "what that is"), rows, class_="scores figures")


def calibration(metrics: Metrics) -> Markup:
    """Returns the reliability curves of decidable and of ambiguous pixels, or of all where these are unknown; their tables.

    Of ambiguous pixels the exact probability counts, not the label that was drawn.
    """
    known, target = reliability_groups(metrics), target_name(metrics)
    if not any(each["pixels"] for each in known.values()):
        return Markup()
    chart = curves_chart(
        f"Share of pixels that are {target} against the probability that the model gives; the tables have the numbers",
        "probability that the model gives",
        {name: _reliability(each) for name, each in known.items()},
        unit_square=True,
    )
    exactly = "; of ambiguous ones, mean exact probability" if "ambiguous" in known else ""
    remark = f"Height: share of such pixels that are {target}{exactly}. On the dashed diagonal, probabilities are calibrated."
    meaning = note("Expected error: mean distance from the diagonal, each bin weighted by its pixels. Lower is better.")
    tables = [_bins(name, each, target) for name, each in known.items()]
    return element("div", figure(chart, list(known), remark), element("div", *tables, meaning), class_="pair")


def _bins(name: str, measured: Calibration, target: str) -> Markup:
    rows = [
        (f"{each['low']:g} to {each['high']:g}", count(each["pixels"]), number(each["confidence"]), number(each["frequency"]))
        for each in measured["bins"]
    ]
    header = ("probability", "pixels", "its mean", f"are {target}")
    error = number(measured["expected_error"], 4)
    title = element(
        "summary", f"{name.capitalize()} pixels: expected error ", error, ", n\u00a0=\u00a0", count(measured["pixels"])
    )
    return element("details", title, table(f"Calibration, {name} pixels", header, rows), open=name != "ambiguous")


def _reliability(measured: Calibration) -> Curve:
    points = ((each["confidence"], each["frequency"]) for each in measured["bins"])
    return [(confidence, frequency) for confidence, frequency in points if confidence is not None and frequency is not None]


def _share(pixels: int, total: int) -> tuple[object, object]:
    return (percent(pixels / total), share_bar(pixels / total)) if total else ("", "")
