"""The scores: what each is, what it means, and why it may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.interval_text import named_interval
from shapeseg.reporting.page.charts import Estimate, interval_glyph
from shapeseg.reporting.page.markup import Markup, element, join, table
from shapeseg.reporting.page.values import NO_RECIPES, absent, count, has_recipes, note, number

_NO_PIXELS = "no rectangle pixel in truth or prediction"
_NO_TARGET = "no pixel can be rectangle"
_NO_IMAGES = "no image has a rectangle pixel"
_NO_PIECES = "there is nothing to match"
_NO_AMBIGUOUS = "no pixel is ambiguous"

_HonestyKey = Literal["log_loss", "log_loss_floor", "calibration_error", "mean_absolute_difference"]
_HONESTY: Mapping[_HonestyKey, tuple[str, str]] = {
    "log_loss": ("Log loss", "Mean cross-entropy of the model's probabilities against the exact ones, in nats."),
    "log_loss_floor": ("Least possible log loss", "That of the exact probabilities themselves: no model is below it."),
    "calibration_error": ("Calibration error", "Mean distance between mean probability and mean exact one of the ten bins."),
    "mean_absolute_difference": ("Mean difference", "Mean distance between probability and exact probability of a pixel."),
}


class Score(NamedTuple):
    """One score.

    Attributes:
        name: As the reader sees it.
        value: None when it is undefined or unknown.
        meaning: What it is, in a sentence.
        undefined: When it is undefined.
        needs_recipes: Whether it is unknown for a dataset without recipes.
        spread: Its interval as text, or that there are too few images for one.
    """

    name: str
    value: float | None
    meaning: str
    undefined: str = _NO_PIXELS
    needs_recipes: bool = False
    spread: str = ""


def cards(metrics: Metrics) -> Markup:
    """Returns the headline scores, each with its meaning."""
    return element("dl", *(_card(metrics, score) for score in _headline(metrics)), class_="cards")


def score_table(metrics: Metrics) -> Markup:
    """Returns all other scores with their meaning, what pieces were counted, and what was undefined."""
    rows = [
        (score.name, _value(metrics, score), interval_glyph(Estimate(score.value, None)), score.meaning)
        for score in (*_pixels(metrics), *_boundary(metrics), *_pieces(metrics))
    ]
    panoptic = metrics["panoptic"]
    pieces = {
        "matched (IoU above 0.5)": panoptic["true_positives"],
        "invented": panoptic["false_positives"],
        "missed": panoptic["false_negatives"],
        "rectangles touch another and so make one piece with it": panoptic["touching_rectangles"],
    }
    counted = [join([count(number), f" {name}"]) for name, number in pieces.items()]
    left_out = [join([name, " (", count(value), ")"]) for name, value in metrics["undefined"].items() if value]
    return join([
        table("All other scores", ("score", "value", "0 to 1", "what it is"), rows, class_="scores"),
        note("Connected pieces: ", _commas(counted), "."),
        note("Undefined, so left out and counted: ", _commas(left_out), ".") if left_out else "",
    ])  # fmt: skip


def honesty(metrics: Metrics) -> Markup:
    """Returns how far the model's probabilities are from the exact ones, where the image cannot tell the label."""
    found = metrics["ambiguous"]
    scores = [
        Score(name, None if found is None else found[key], meaning, _NO_AMBIGUOUS, needs_recipes=True)
        for key, (name, meaning) in _HONESTY.items()
    ]
    rows = [(score.name, _value(metrics, score), score.meaning) for score in scores]
    pixels = () if found is None else (note("Ambiguous pixels of known probability: ", count(found["pixels"]), "."),)
    return join([table("Model and exact probabilities", ("score", "value", "what it is"), rows, class_="scores"), *pixels])


def _headline(metrics: Metrics) -> list[Score]:
    shared = "Pixels that truth and prediction share, over all that either has; pooled over all images."
    decidable = "The same without the pixels found to be ambiguous: another scene gives the image and another label."
    ceiling = "The IoU that the best possible guess can expect on a large set of such images."
    worst = "Mean IoU of the worst twentieth of the images."
    spread = named_interval(metrics["iou_interval"], metrics["images"])
    return [
        Score("Rectangle IoU", metrics["iou"], shared, spread=spread),
        Score("IoU, decidable", metrics["iou_decidable"], decidable, needs_recipes=True),
        Score("Ceiling", metrics["iou_ceiling"], ceiling, _NO_TARGET, needs_recipes=True),
        Score("Worst 5 %", metrics["iou_per_image_worst5"], worst, _NO_IMAGES),
    ]


def _pixels(metrics: Metrics) -> list[Score]:
    dice = "Twice the shared pixels over the sum of both masks: the F1 score of pixels."
    mean, median = "Each image counts the same, whatever it holds.", "Half of the images are better."
    return [
        Score("Precision", metrics["precision"], "Share of the predicted pixels that are right.", "nothing was predicted"),
        Score("Recall", metrics["recall"], "Share of the true pixels that are found.", "there is no rectangle pixel"),
        Score("Dice", metrics["dice"], dice),
        Score("IoU per image, mean", metrics["iou_per_image_mean"], mean, _NO_IMAGES),
        Score("IoU per image, median", metrics["iou_per_image_median"], median, _NO_IMAGES),
    ]


def _boundary(metrics: Metrics) -> list[Score]:
    widths = list(metrics["boundary_iou"])
    return [
        Score(
            f"Boundary IoU, {width} px",
            value,
            f"IoU of the {width}-pixel bands along the borders of truth and prediction"
            + (": 2 % of the diagonal." if width == widths[-1] and len(widths) > 1 else "."),
        )
        for width, value in metrics["boundary_iou"].items()
    ]


def _pieces(metrics: Metrics) -> list[Score]:
    quality = metrics["panoptic"]
    return [
        Score("Panoptic quality", quality["pq"], "Segmentation quality times recognition quality.", _NO_PIECES),
        Score("Segmentation quality", quality["sq"], "Mean IoU of the matched pieces.", "no piece was matched"),
        Score("Recognition quality", quality["rq"], "F1 score of finding whole connected pieces.", _NO_PIECES),
    ]


def _card(metrics: Metrics, score: Score) -> Markup:
    if score.value is None:
        word, reason = _why_absent(metrics, score)
        shown, detail = element("span", word, class_="figure absent"), f"{reason[0].upper()}{reason[1:]}."
    else:
        shown = element("span", number(score.value), class_="figure")
        detail = score.spread
    details = [element("span", detail, class_="interval")] if detail else []
    return element("div", element("dt", score.name), element("dd", shown, *details, element("span", score.meaning)))


def _value(metrics: Metrics, score: Score) -> Markup:
    return absent(*_why_absent(metrics, score)) if score.value is None else number(score.value)


def _why_absent(metrics: Metrics, score: Score) -> tuple[str, str]:
    if score.needs_recipes and not has_recipes(metrics):
        return "unknown", NO_RECIPES
    if score.needs_recipes and metrics["target"] == "amodal":
        return "unknown", "ambiguity is known for the visible target only"
    if score.needs_recipes and metrics["calibration"]["decidable"] is None:
        return "unknown", "it is not known by which rule the scenes were chosen"
    return "undefined", score.undefined


def _commas(parts: list[Markup]) -> Markup:
    return Markup(", ".join(parts))
