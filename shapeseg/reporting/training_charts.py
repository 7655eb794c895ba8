"""The charts of trainings: the curves of one run, and what several reached, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from shapeseg.reporting.style import COLORS, MARKERS, chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANELS = (
    ("val_loss", "loss on val"),
    ("val_iou", "rectangle IoU on val"),
    ("val_iou_decidable", "the same, decidable pixels"),
)


def runs_figure(histories: Mapping[str, Sequence[Mapping[str, float]]]) -> Figure:
    """Draws loss and IoU on val against the epoch, a line a run, its best epoch marked.

    Args:
        histories: Name of each run to its epochs, as ``fit`` returns them and ``history.csv`` holds them.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = chart(len(_PANELS))
    for ax, (score, label) in zip(axes, _PANELS, strict=True):
        for number, (name, epochs) in enumerate(histories.items()):
            known = [row for row in epochs if score in row]
            scores = [row["val_iou"] for row in known]
            ax.plot(
                [row["epoch"] for row in known],
                [row[score] for row in known],
                color=COLORS[number % len(COLORS)],
                marker=MARKERS[number % len(MARKERS)],
                markevery=[scores.index(max(scores))] if scores else [],
                markersize=7,
                label=name,
            )
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_ylim(bottom=0)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def curves_figure(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draws loss, logarithmic, and IoU, on training and val data, against the epoch; a line marks the best one.

    Where it is known, the log loss on ambiguous pixels of val is drawn, too, above the least that a model can have. Of a long
    run, the IoU of the first tenth may lie below the chart: that of the rest would be a flat line above it.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    known = any(isfinite(value) for value in history.get("val_log_loss", ()))
    figure = Figure(figsize=(13 if known else 9, 3.4), dpi=130, layout="constrained")
    axes = figure.subplots(1, 3 if known else 2)
    val_iou = list(history["val_iou"])
    best, start = val_iou.index(max(val_iou)), len(val_iou) // 10
    epochs = range(1, len(val_iou) + 1)
    for ax, name in zip(axes, ("loss", "iou"), strict=False):
        ax.plot(epochs, history[name], "o-", color="#607d8b", markersize=4, label="train (augmented)")
        ax.plot(epochs, history[f"val_{name}"], "s-", color="#d55e00", markersize=4, label="val")
    axes[0].set_yscale("log")
    shown = [*history["iou"][start:], *val_iou[start:]]
    margin = 0.05 * (max(shown) - min(shown)) or 0.01
    axes[1].set_ylim(min(shown) - margin, max(shown) + margin)
    if known:
        axes[2].plot(epochs, history["val_log_loss"], "s-", color="#d55e00", markersize=4, label="val")
        axes[2].plot(epochs, history["val_log_loss_floor"], "--", color="#607d8b", label="the least possible")
    for ax, label in zip(axes, ("loss", "rectangle IoU", "log loss, ambiguous pixels"), strict=False):
        ax.axvline(best + 1, color="black", linestyle=":", linewidth=1, label=f"best epoch: {best + 1}")
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
    return figure
