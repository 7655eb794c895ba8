"""What occlusion does: recall and IoU of rectangles by how much, and by what, they are hidden."""

from __future__ import annotations

from shapeseg.evaluation.groups import BreakdownCell
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.interval_text import WHY_FEW, group_note
from shapeseg.reporting.page.charts import interval_chart, interval_glyph
from shapeseg.reporting.page.markup import Markup, element, join, table
from shapeseg.reporting.page.values import count, figure, iou_of, note, recall_of, with_interval

_PERCENT = {"0": "0", "(0, 0.25]": "to 25", "(0.25, 0.5]": "to 50", "(0.5, 0.75]": "to 75", "(0.75, 1)": "to 100"}
_SCORES = {"recall": recall_of, "IoU": iou_of}


def by_occlusion(metrics: Metrics) -> Markup:
    """Returns recall and IoU against the occlusion rate: chart and table; nothing where they are unknown."""
    bins = metrics["by_occlusion"]
    if bins is None:
        return Markup()
    chart = interval_chart(
        "Recall and IoU of rectangles against the share of them that is hidden; the table has the numbers",
        "share of the rectangle that is hidden, %",
        [(_PERCENT.get(name, name), group_note(cell).replace(", ", ",\n")) for name, cell in bins.items()],
        {name: [score(cell) for cell in bins.values()] for name, score in _SCORES.items()},
    )
    rows = [
        (name, count(cell["n"]), count(cell["images"]), *(with_interval(score(cell), cell["n"]) for score in _SCORES.values()))
        for name, cell in bins.items()
    ]
    numbers = table("By occlusion rate", ("occlusion", "n", "images", *_SCORES), rows, class_="figures")
    remark = f"n counts rectangles. Brackets are 95 % intervals over images. Nothing of a hidden one is visible. {WHY_FEW}"
    return element("div", figure(chart, list(_SCORES), remark), numbers, class_="pair")


def breakdown(metrics: Metrics) -> Markup:
    """Returns the table of rectangles by occlusion, kind and colour of the occluder, and pieces; its headings sort."""
    cells = metrics["breakdown"]
    if cells is None:
        return Markup()
    names = ("occlusion", "occluder", "colour", "pieces", "n", "images", "recall", "IoU")
    header = [element("th", element("button", name, type="button"), scope="col", aria_sort="none") for name in names]
    header.insert(7, element("th", "recall, 0 to 1", scope="col"))
    heading, remark = element("h3", "By what hides them"), note("Click a heading to sort.")
    rows = map(_row, range(len(cells)), cells)
    return join([heading, remark, table("Rectangles by what hides them", header, rows, class_="sortable")])


def _row(place: int, cell: BreakdownCell) -> list[object]:
    recall, iou = recall_of(cell), iou_of(cell)
    return [
        element("th", cell["occlusion"], scope="row", data_value=place),
        cell["occluder_kind"],
        cell["occluder_color"],
        cell["pieces"],
        element("td", count(cell["n"]), data_value=cell["n"]),
        element("td", count(cell["images"]), data_value=cell["images"]),
        element("td", with_interval(recall, cell["n"]), data_value="" if recall.value is None else recall.value),
        interval_glyph(recall),
        element("td", with_interval(iou, cell["n"]), data_value="" if iou.value is None else iou.value),
    ]
