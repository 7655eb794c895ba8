"""The picture of a model's IoU against the severity of corruptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapeseg.evaluation.corruption_curves import CorruptionCurves, Curve
from shapeseg.reporting.style import GREY, VERMILION, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 5


def corruptions_figure(found: CorruptionCurves) -> Figure:
    """Draws a small panel for each kind of corruption: IoU with its interval, next to the IoU without corruption.

    Args:
        found: As of ``shapeseg.evaluation.corruption_curves``.
    """
    from matplotlib.figure import Figure

    curves = {kind: curve for kind, curve in found["curves"].items() if curve is not None}
    rows = -(-len(curves) // _COLUMNS)
    figure = Figure(figsize=(2.5 * _COLUMNS, 2.5 * rows + 0.5), dpi=130, layout="constrained")
    axes = list(figure.subplots(rows, _COLUMNS, squeeze=False, sharey=True).flat)
    for ax, (kind, curve) in zip(axes, curves.items(), strict=False):
        _draw(ax, kind, curve, found["clean"]["iou"])
    for ax in axes[len(curves) :]:
        ax.set_axis_off()
    for ax in axes[::_COLUMNS]:
        ax.set_ylabel("IoU")
    figure.suptitle(
        f"IoU against the severity of corruptions, {found['images']} images; dashed: without corruption; "
        f"{'shaded: 95 % intervals over images' if found['clean']['iou_interval'] else 'too few for intervals'}",
        fontsize=10,
    )
    return figure


def _draw(ax: Axes, kind: str, curve: Curve, clean: float | None) -> None:
    from matplotlib.patheffects import withStroke

    known = [(step["severity"], step["iou"], step["iou_interval"]) for step in curve["steps"] if step["iou"] is not None]
    severities, ious = [severity for severity, _, _ in known], [iou for _, iou, _ in known]
    if clean is not None:
        ax.axhline(clean, color=GREY, linestyle="--", linewidth=1)
    ax.plot(severities, ious, "o-", color=VERMILION, markersize=4)
    spreads = [interval for _, _, interval in known if interval is not None]
    if spreads and len(spreads) == len(known):
        low, high = zip(*spreads, strict=True)
        ax.fill_between(severities, low, high, color=VERMILION, alpha=0.2, linewidth=0)
    for severity, iou, _ in known:
        above = (iou or 0) < 0.5
        ax.annotate(
            f"{iou:.2f}",
            (severity, iou),
            xytext=(0, 6 if above else -6),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=7,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )
    ax.set_title(kind, fontsize=10)
    ax.set_xlabel(curve["unit"], fontsize=8)
    ax.set(xlim=(0.6, 5.4), ylim=(0, 1.04))
    ax.set_xticks([step["severity"] for step in curve["steps"]], [f"{step['strength']:g}" for step in curve["steps"]])
    ax.tick_params(labelsize=8)
    quiet(ax)
