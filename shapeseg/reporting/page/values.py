"""How values of the metrics are looked up and shown. What is unknown or undefined says so, and is never 0."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.evaluation.groups import GroupScores
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.interval_text import interval_text
from shapeseg.reporting.page.charts import Estimate, legend
from shapeseg.reporting.page.markup import Markup, element, join

NO_RECIPES = "this needs recipes, which the dataset does not have"


def decides(metrics: Metrics) -> bool:
    """Whether it is known which pixels no image decides."""
    return metrics["calibration"]["decidable"] is not None


def has_recipes(metrics: Metrics) -> bool:
    """Whether questions that need recipes were answered."""
    return metrics["by_occlusion"] is not None


def capitalized(words: str) -> str:
    """Returns words that begin a heading; capitals within them stay."""
    return words[:1].upper() + words[1:]


def target_name(metrics: Metrics) -> str:
    """What people call the target; reports of 0.1.0 know rectangles only."""
    return metrics.get("target_name", "rectangle")


def shown_target(metrics: Metrics) -> str:
    """What was to be found: of shapes whether visible or whole ones, of the user's own images what people call it."""
    return metrics["target"] if has_recipes(metrics) else target_name(metrics)


def number(value: float | None, digits: int = 3) -> Markup:
    """Returns a score as text."""
    return absent("undefined") if value is None else Markup(f"{value:.{digits}f}")


def count(value: int | None) -> Markup:
    """Returns a count as text, thousands apart."""
    return absent("unknown") if value is None else Markup(f"{value:,}".replace(",", "\u202f"))


def many(value: int | None, noun: str) -> Markup:
    """Returns a count of things."""
    return join([count(value), f" {noun}" if value == 1 else f" {noun}s"])


def percent(share: float, digits: int = 1) -> str:
    """Returns a share, 0 to 1, as text."""
    return f"{100 * share:.{digits}f}\u00a0%"


def plain(value: object) -> object:
    """Returns any other value as text."""
    if value is None:
        return absent("unknown")
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.4g}" if isinstance(value, float) else value


def absent(word: str, reason: str = "") -> Markup:
    """Returns ``unknown`` or ``undefined``, with the reason."""
    return element("span", word, f": {reason}" if reason else "", class_="absent")


def recall_of(cell: GroupScores) -> Estimate:
    """Returns the recall of a group of rectangles with its interval."""
    return Estimate(cell["recall"], cell["recall_interval"])


def iou_of(cell: GroupScores) -> Estimate:
    """Returns the IoU of a group of rectangles with its interval."""
    return Estimate(cell["iou"], cell["iou_interval"])


def with_interval(found: Estimate, n: int) -> Markup:
    """Returns a score with its interval as text, or that there are too few for one; their number stands next to it."""
    spread = interval_text(found.interval, n) if found.interval else "few"
    return join([number(found.value), " ", element("small", "" if found.value is None else spread)])


def figure(chart: Markup, names: Sequence[str], note: object, level: str | None = None) -> Markup:
    """Returns a chart with the key to its series, and to its level, and a note."""
    return element("figure", chart, legend(names, level), element("figcaption", note))


def note(*content: object) -> Markup:
    """Returns a remark below or above a table."""
    return element("p", *content, class_="note")


def command_line(command: object) -> Markup:
    """Returns a line to paste into a shell, with a button that copies it."""
    code = element("pre", element("code", command), tabindex="0", role="group", aria_label="command")
    return element("div", code, element("button", "Copy", type="button", class_="copy"), class_="command")
