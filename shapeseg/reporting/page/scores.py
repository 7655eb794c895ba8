"""The scores: what each is, what it means, and why it may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shapeseg.reporting.page.charts import Estimate, interval_glyph
from shapeseg.reporting.page.markup import Markup, element, join, table
from shapeseg.reporting.page.values import NO_RECIPES, Metrics, absent, count, has_recipes, lookup, note, number, span

_NO_PIXELS = "no rectangle pixel in truth or prediction"
_NO_TARGET = "no pixel can be rectangle"
_NO_IMAGES = "no image has a rectangle pixel"
_NO_PIECES = "there is nothing to match"


class Score(NamedTuple):
    """One score.

    Attributes:
        name: As the reader sees it.
        key: Where it is in the metrics; dots lead into their parts.
        meaning: What it is, in a sentence.
        undefined: When it is undefined.
        needs_recipes: Whether it is unknown for a dataset without recipes.
    """

    name: str
    key: str
    meaning: str
    undefined: str = _NO_PIXELS
    needs_recipes: bool = False


_HEADLINE = (
    Score("Rectangle IoU", "iou", "Pixels that truth and prediction share, over all that either has; pooled over all images."),
    Score(
        "IoU, decidable", "iou_decidable", "The same without ambiguous pixels, whose label no image tells.", _NO_PIXELS, True
    ),
    Score(
        "Ceiling",
        "iou_ceiling",
        "The IoU that the best possible guess can expect on these images.",
        "no pixel can be rectangle",
        True,
    ),
    Score("Worst 5 %", "iou_per_image_worst5", "Mean IoU of the worst twentieth of the images.", _NO_IMAGES),
)
_PIXELS = (
    Score("Precision", "precision", "Share of the predicted pixels that are right.", "nothing was predicted"),
    Score("Recall", "recall", "Share of the true pixels that are found.", "there is no rectangle pixel"),
    Score("Dice", "dice", "Twice the shared pixels over the sum of both masks: the F1 score of pixels."),
    Score("IoU per image, mean", "iou_per_image_mean", "Each image counts the same, whatever it holds.", _NO_IMAGES),
    Score("IoU per image, median", "iou_per_image_median", "Half of the images are better.", _NO_IMAGES),
)
_PANOPTIC = (
    Score("Panoptic quality", "panoptic.pq", "Segmentation quality times recognition quality.", _NO_PIECES),
    Score("Segmentation quality", "panoptic.sq", "Mean IoU of the matched pieces.", "no piece was matched"),
    Score("Recognition quality", "panoptic.rq", "F1 score of finding whole connected pieces.", _NO_PIECES),
)
_PIECES = {
    "true_positives": "matched (IoU above 0.5)",
    "false_positives": "invented",
    "false_negatives": "missed",
    "touching_rectangles": "rectangles touch another and so make one piece with it",
}


def cards(metrics: Metrics) -> Markup:
    """Returns the headline scores, each with its meaning."""
    return element("dl", *(_card(metrics, score) for score in _HEADLINE), class_="cards")


def score_table(metrics: Metrics) -> Markup:
    """Returns all other scores with their meaning, what pieces were counted, and what was undefined."""
    rows = [
        (score.name, _value(metrics, score), interval_glyph(Estimate(lookup(metrics, score.key), None)), score.meaning)
        for score in (*_PIXELS, *_boundary(metrics), *_PANOPTIC)
    ]
    pieces = [join([count(lookup(metrics, f"panoptic.{key}")), f" {name}"]) for key, name in _PIECES.items()]
    times = metrics.get("undefined") or {"IoU per image": metrics.get("iou_per_image_undefined")}
    left_out = [join([name, " (", count(value), ")"]) for name, value in times.items() if value]
    return join([
        table("All other scores", ("score", "value", "0 to 1", "what it is"), rows, class_="scores"),
        note("Connected pieces: ", _commas(pieces), "."),
        note("Undefined, so left out and counted: ", _commas(left_out), ".") if left_out else "",
    ])  # fmt: skip


def _boundary(metrics: Metrics) -> list[Score]:
    bands = lookup(metrics, "boundary_iou")
    widths = list(bands) if isinstance(bands, Mapping) else []
    meanings = [f"IoU of the {width}-pixel bands along the borders of truth and prediction" for width in widths]
    official = [width == widths[-1] and len(widths) > 1 for width in widths]
    return [
        Score(f"Boundary IoU, {width} px", f"boundary_iou.{width}", meaning + (": 2 % of the diagonal." if last else "."))
        for width, meaning, last in zip(widths, meanings, official, strict=True)
    ]


def _card(metrics: Metrics, score: Score) -> Markup:
    value = lookup(metrics, score.key)
    if value is None:
        word, reason = _why_absent(metrics, score)
        shown, detail = element("span", word, class_="figure absent"), f"{reason[0].upper()}{reason[1:]}."
    else:
        shown, detail = element("span", number(value), class_="figure"), ""
        if interval := lookup(metrics, f"{score.key}_interval"):
            detail = f"95 % interval {span(interval)}"
    details = [element("span", detail, class_="interval")] if detail else []
    return element("div", element("dt", score.name), element("dd", shown, *details, element("span", score.meaning)))


def _value(metrics: Metrics, score: Score) -> Markup:
    value = lookup(metrics, score.key)
    return absent(*_why_absent(metrics, score)) if value is None else number(value)


def _why_absent(metrics: Metrics, score: Score) -> tuple[str, str]:
    if score.needs_recipes and not has_recipes(metrics):
        return "unknown", NO_RECIPES
    if score.needs_recipes and metrics.get("target") == "amodal":
        return "unknown", "ambiguity is known for the visible target only"
    return "undefined", score.undefined


def _commas(parts: list[Markup]) -> Markup:
    return Markup(", ".join(parts))
