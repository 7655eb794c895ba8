"""The scores: what each is, what it means, and why it may be missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.interval_text import named_interval
from shapeseg.reporting.page.charts import Estimate, interval_glyph
from shapeseg.reporting.page.markup import Markup, element, join, table
from shapeseg.reporting.page.values import absent, capitalized, count, decides, many, note, number, target_name

_NO_PIXELS = "no target pixel in truth or prediction"
_NO_TARGET = "no pixel can be target"
_NO_IMAGES = "no image has a target pixel"
_NO_PIECES = "there is nothing to match"
_NO_AMBIGUOUS = "no pixel is ambiguous"

_HonestyKey = Literal["log_loss", "log_loss_floor", "calibration_error", "mean_absolute_difference"]
_HONESTY: Mapping[_HonestyKey, tuple[str, str]] = {
    "log_loss": ("Log loss", "Mean cross-entropy of the model's probabilities against the exact ones, in nats."),
    "log_loss_floor": ("Least possible log loss", "That of the exact probabilities themselves: no model is below it."),
    "calibration_error": ("Calibration error", "Mean distance between mean and mean exact probability over the ten bins."),
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
        spread: Its interval as text, or that there are too few images for one, and of how many it is.
    """

    name: str
    value: float | None
    meaning: str
    undefined: str = _NO_PIXELS
    needs_recipes: bool = False
    spread: str = ""


def cards(metrics: Metrics) -> Markup:
    """Returns the headline scores that are known, each with its meaning and of how many images it is."""
    return element("dl", *(_card(score) for score in _headline(metrics) if _is_known(metrics, score)), class_="cards")


def score_table(metrics: Metrics) -> Markup:
    """Returns all other scores with their meaning, what pieces were counted, and what was undefined."""
    rows = [
        (score.name, _value(score), interval_glyph(Estimate(score.value, None)), score.meaning)
        for score in (*_pixels(metrics), *_boundary(metrics), *_pieces(metrics))
    ]
    title = join(["All other scores, of ", many(metrics["images"], "image")])
    panoptic = metrics["panoptic"]
    pieces = {
        "matched (IoU above 0.5)": panoptic["true_positives"],
        "invented": panoptic["false_positives"],
        "missed": panoptic["false_negatives"],
        "rectangles touch another and so make one piece with it": panoptic["touching_rectangles"],
    }
    counted = [join([count(number), f" {name}"]) for name, number in pieces.items() if number is not None]
    left_out = [join([name, " (", count(value), ")"]) for name, value in metrics["undefined"].items() if value]
    return join([
        table(title, ("score", "value", "0 to 1", "what it is"), rows, class_="scores"),
        note("Connected pieces: ", _commas(counted), "."),
        note("Undefined, so left out and counted: ", _commas(left_out), ".") if left_out else "",
    ])  # fmt: skip


def honesty(metrics: Metrics) -> Markup:
    """Returns how far the model's probabilities are from the exact ones on ambiguous pixels; nothing if unknown."""
    found = metrics["ambiguous"]
    if found is None:
        return Markup()
    rows = [
        (name, absent("undefined", _NO_AMBIGUOUS) if found[key] is None else number(found[key]), meaning)
        for key, (name, meaning) in _HONESTY.items()
    ]
    title = join(["Model and exact probabilities, of ", many(found["pixels"], "ambiguous pixel"), " of known probability"])
    return join(
        [element("h3", "Where the image cannot tell"), table(title, ("score", "value", "what it is"), rows, class_="scores")]
    )


def _headline(metrics: Metrics) -> list[Score]:
    shared = "Pixels that truth and prediction share, over all that either has; pooled over all images."
    decidable = "The same without the pixels found to be ambiguous: another scene gives the same image with another label."
    ceiling = "The IoU that the best possible guess can expect on a large set of such images."
    images = metrics["images"]
    defined = images - metrics["iou_per_image_undefined"]
    few = math.ceil(0.05 * defined)
    worst = f"Mean IoU of the {few} worst images." if few > 1 else "IoU of the worst image."
    n = f"n\u00a0=\u00a0{images}\u00a0images"
    spread = f"{named_interval(metrics['iou_interval'], images)}, {n}" if metrics["iou_interval"] else f"few, {n}"
    return [
        Score(f"{capitalized(target_name(metrics))} IoU", metrics["iou"], shared, spread=spread),
        Score("IoU, decidable", metrics["iou_decidable"], decidable, needs_recipes=True, spread=n),
        Score("Ceiling", metrics["iou_ceiling"], ceiling, _NO_TARGET, needs_recipes=True, spread=n),
        Score(
            "Worst 5 %", metrics["iou_per_image_worst5"], worst, _NO_IMAGES, spread=f"n\u00a0=\u00a0{few} of {defined} images"
        ),
    ]


def _pixels(metrics: Metrics) -> list[Score]:
    dice = "Twice the shared pixels over the sum of both masks: the F1 score of pixels."
    mean, median = "Each image counts equally, whatever it contains.", "Half of the images are better."
    return [
        Score("Precision", metrics["precision"], "Share of the predicted pixels that are right.", "nothing was predicted"),
        Score("Recall", metrics["recall"], "Share of the true pixels that are found.", "there is no target pixel"),
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


def _card(score: Score) -> Markup:
    if score.value is None:
        reason = score.undefined
        shown, detail = element("span", "undefined", class_="figure absent"), f"{reason[0].upper()}{reason[1:]}."
    else:
        shown = element("span", number(score.value), class_="figure")
        detail = score.spread
    details = [element("span", detail, class_="interval")] if detail else []
    return element("div", element("dt", score.name), element("dd", shown, *details, element("span", score.meaning)))


def _value(score: Score) -> Markup:
    return absent("undefined", score.undefined) if score.value is None else number(score.value)


def _is_known(metrics: Metrics, score: Score) -> bool:
    return decides(metrics) or not score.needs_recipes


def _commas(parts: list[Markup]) -> Markup:
    return Markup(", ".join(parts))
