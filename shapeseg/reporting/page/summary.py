"""The findings in plain sentences: as many as the known numbers allow."""

from __future__ import annotations

from shapeseg.evaluation.groups import tells
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.interval_text import named_interval
from shapeseg.reporting.page.errors import WHERE
from shapeseg.reporting.page.markup import Markup, element, join
from shapeseg.reporting.page.values import count, many, number, percent, target_name


def summary(metrics: Metrics) -> Markup:
    """Returns a list of sentences."""
    found = (_score(metrics), _ceiling(metrics), _occlusion(metrics), _errors(metrics))
    sentences = [element("li", sentence) for sentence in found if sentence]
    return element("ul", *sentences, class_="summary") if sentences else Markup()


def _score(metrics: Metrics) -> Markup | None:
    if metrics["iou"] is None:
        return None
    interval = named_interval(metrics["iou_interval"], metrics["images"])
    start = join(["On ", many(metrics["images"], "image"), f" the model reaches a {target_name(metrics)} IoU of "])
    return join([start, element("strong", number(metrics["iou"])), f" ({interval})."])


def _ceiling(metrics: Metrics) -> Markup | None:
    """The ceiling, and what is reached on decidable pixels."""
    if metrics["iou_ceiling"] is None:
        return None
    ceiling = element("strong", number(metrics["iou_ceiling"]))
    start = join(["On a large set of such images the best possible guess can expect ", ceiling, " and no more: "])
    reason = "where a rectangle and another shape of one colour overlap, an image may not show which is in front."
    if metrics["iou_decidable"] is None:
        return join([start, reason])
    known = element("strong", number(metrics["iou_decidable"]))
    return join([start, reason, " On the pixels that can be known, the model reaches ", known, "."])


def _occlusion(metrics: Metrics) -> Markup | None:
    """What occlusion does, from the bin of whole rectangles and the most hidden one that holds enough of them."""
    bins = metrics["by_occlusion"] or {}
    known = [(name, cell["recall"], cell["n"]) for name, cell in bins.items() if tells(cell) and cell["recall"] is not None]
    if len(known) < 2 or known[0][0] != "0":
        return None
    (_, whole, wholes), (name, last, n) = known[0], known[-1]
    rate = "fully hidden ones" if name == "hidden" else f"with an occlusion rate in {name}"
    start = join(["Of ", count(wholes), " rectangles that nothing hides it finds "])
    return join([start, f"{percent(whole)} of the pixels; of ", count(n), f" {rate}, {percent(last)}."])


def _errors(metrics: Metrics) -> Markup | None:
    wrong = {name: pixels for name, pixels in (metrics["wrong_pixels"] or {}).items() if pixels}
    if not wrong:
        return None
    name = max(wrong, key=lambda each: wrong[each])
    total = sum(wrong.values())
    return join(["Of ", many(total, "wrong pixel"), f" {percent(wrong[name] / total, 0)} lie {WHERE.get(name, name)}."])
