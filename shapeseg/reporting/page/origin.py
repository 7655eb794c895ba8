"""Where the numbers come from: the training's curves, the options of the evaluation, files, digests, versions, the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Literal

from shapeseg.evaluation.counts import PooledScores
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.page.charts import curves_chart
from shapeseg.reporting.page.markup import Markup, element, join, table
from shapeseg.reporting.page.values import absent, command_line, figure, plain

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
    "trained_on": "of them learned from",
    "target": "target",
    "threshold": "threshold",
    "backend": "backend",
}


_CURVES = {
    "Loss": {"train": "loss", "val": "val_loss"},
    "Rectangle IoU": {"train": "iou", "val": "val_iou"},
    "Log loss, ambiguous pixels": {"val": "val_log_loss", "least possible": "val_log_loss_floor"},
}


def training(history: History) -> Markup:
    """Returns loss and rectangle IoU by epoch, on training and val data, and the log loss on ambiguous pixels of val."""
    figures = []
    for name, columns in _CURVES.items():
        points = {
            shown: [(row["epoch"], row[column]) for row in history if isfinite(row.get(column, nan))]
            for shown, column in columns.items()
        }
        curves = {shown: curve for shown, curve in points.items() if curve}
        if curves:
            last = ", ".join(f"{shown} {curve[-1][1]:.4g}" for shown, curve in curves.items())
            chart = curves_chart(f"{name} by epoch; at the end {last}", "epoch", curves)
            figures.append(figure(chart, list(curves), f"{name}. At the end: {last}."))
    if not figures:
        return element("p", absent("unknown", "the history holds neither loss nor IoU"))
    return element("div", *figures, class_="pair")


def effects(metrics: Metrics) -> Markup:
    """Returns what the evaluation's options changed; nothing when none was on."""
    found = metrics["effects"] or {}
    rows = [(name, *map(plain, scores.values())) for name, scores in found.items()]
    return table("What the options changed", ("option", *PooledScores.__annotations__), rows) if rows else Markup()


def origin(metrics: Metrics) -> Markup:
    """Returns what was evaluated, with what, and how to do it again."""
    facts: list[tuple[str, object]] = [(shown, metrics[key]) for key, shown in _FACTS.items()]
    facts += [(f"option {name}", value) for name, value in metrics["options"].items()]
    facts.append(("versions", ", ".join(f"{name} {value}" for name, value in metrics["versions"].items()) or None))
    listed = (element("div", element("dt", name), element("dd", plain(value))) for name, value in facts)
    again = [element("p", "The command that made this report:"), command_line(metrics["command"])]
    return join([element("dl", *listed, class_="facts"), *again])
