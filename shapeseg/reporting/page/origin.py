"""Where the numbers come from: the training's curves, the options of the evaluation, files, digests, versions, the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Literal, NamedTuple

from shapeseg.evaluation.counts import PooledScores
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.page.charts import Scale, curves_chart
from shapeseg.reporting.page.markup import Markup, element, join, table
from shapeseg.reporting.page.values import NO_RECIPES, command_line, decides, figure, has_recipes, note, plain, shown_target

History = Sequence[Mapping[str, float]]

_Fact = Literal[
    "model", "model_sha256", "dataset", "dataset_sha256", "split", "images", "trained_on", "target", "threshold", "backend"
]
_FACTS: Mapping[_Fact, str] = {
    "model": "model",
    "model_sha256": "SHA-256 of the model",
    "dataset": "dataset",
    "dataset_sha256": "SHA-256 of the dataset",
    "split": "split",
    "images": "images",
    "trained_on": "of them, trained on",
    "target": "target",
    "threshold": "threshold",
    "backend": "backend",
}


class _Chart(NamedTuple):
    """A chart of a training: what it shows of the history, on which scale, and what that is called."""

    name: str
    columns: Mapping[str, str]
    scale: Scale
    remark: str


_CHARTS = (
    _Chart("Loss", {"train": "loss", "val": "val_loss"}, "log", "log scale"),
    _Chart(
        "IoU",
        {"train": "iou", "val": "val_iou", "val, decidable pixels": "val_iou_decidable"},
        "stretched",
        "stretched towards 1",
    ),
    _Chart("Log loss, ambiguous pixels", {"val": "val_log_loss", "least possible": "val_log_loss_floor"}, "log", "log scale"),
)


def training(history: History, ceiling: float | None) -> Markup:
    """Returns loss and IoU by epoch, on training and val data, and the log loss on ambiguous pixels of val.

    Args:
        history: What was logged in each epoch.
        ceiling: Ceiling of the val data; None where unknown: then nothing is shown about decidable pixels.

    Returns:
        Nothing where none of it is known.
    """
    figures = []
    for name, columns, scale, remark in _CHARTS:
        points = {
            shown: [(row["epoch"], row[column]) for row in history if isfinite(row.get(column, nan))]
            for shown, column in columns.items()
            if ceiling is not None or "decidable" not in column
        }
        curves = {shown: curve for shown, curve in points.items() if curve}
        if curves:
            last = ", ".join(f"{shown} {curve[-1][1]:.4g}" for shown, curve in curves.items())
            level = ceiling if name == "IoU" else None
            chart = curves_chart(f"{name} by epoch; at the end {last}", "epoch", curves, scale=scale, level=level)
            named = None if level is None else f"ceiling, of a large set: {level:.4f}"
            note = f"{name}, {remark}. After {history[-1]['epoch']:.0f} epochs: {last}."
            figures.append(figure(chart, list(curves), note, named))
    return element("div", *figures, class_="pair") if figures else Markup()


def effects(metrics: Metrics) -> Markup:
    """Returns what the evaluation's options changed; nothing when none was on."""
    found = metrics["effects"] or {}
    rows = [(name, *map(plain, scores.values())) for name, scores in found.items()]
    return table("What the options changed", ("option", *PooledScores.__annotations__), rows) if rows else Markup()


def origin(metrics: Metrics) -> Markup:
    """Returns what was evaluated, with what, how to do it again, and what this page does not hold, and why."""
    known = metrics | {"target": shown_target(metrics)}
    facts: list[tuple[str, object]] = [(shown, known[key]) for key, shown in _FACTS.items()]
    facts += [(f"option {name}", value) for name, value in metrics["options"].items()]
    facts.append(("versions", ", ".join(f"{name} {value}" for name, value in metrics["versions"].items()) or None))
    listed = (element("div", element("dt", name), element("dd", plain(value))) for name, value in facts if value is not None)
    again = [element("p", "The command that made this report:"), command_line(metrics["command"])]
    return join([element("dl", *listed, class_="facts"), _missing(metrics), *again])


def _missing(metrics: Metrics) -> Markup:
    """Says what is unknown about the dataset and so not on this page."""
    if not has_recipes(metrics):
        return note(f"Unknown, so not on this page: what occlusion does, and which pixels no image decides; {NO_RECIPES}.")
    if not decides(metrics):
        whole = metrics["target"] == "amodal"
        why = "that is known only for visible rectangles" if whole else "it is not known by which rule the scenes were chosen"
        return note(f"Unknown, so not on this page: which pixels no image decides; {why}.")
    return Markup()
