"""The pictures of the study of honesty: what labels and losses do, and the frontier of honesty against IoU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from shapeseg.reporting.style import COLORS, GREY, MARKERS, chart, numbers
from shapeseg.workflows.honesty.record import ModelScores

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def grid_figure(arms: Mapping[str, Sequence[ModelScores]]) -> Figure:
    """Draws each arm's calibration error and log loss on ambiguous pixels, and its IoU on decidable ones; a dot a seed."""
    figure, axes = chart(3, height=3.9)
    names = list(arms)
    panels: tuple[tuple[str, Callable[[ModelScores], float | None]], ...] = (
        ("calibration error, ambiguous pixels", lambda each: each["ambiguous"]["calibration_error"]),
        ("log loss, ambiguous pixels, nats", lambda each: each["ambiguous"]["log_loss"]),
        ("IoU, decidable pixels", lambda each: each["iou_decidable"]),
    )
    for ax, (label, score) in zip(axes, panels, strict=True):
        for place, (name, seeds) in enumerate(arms.items()):
            ax.scatter(numbers(map(score, seeds)), [place] * len(seeds), s=26, color=COLORS[_group(name)], alpha=0.8)
        ax.set_yticks(range(len(names)), names if ax is axes[0] else [""] * len(names), fontsize=9)
        ax.grid(axis="x", alpha=0.3)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_xlabel(label, fontsize=9)
    axes[0].set_xlim(left=0)
    floor = arms[names[0]][0]["ambiguous"]["log_loss_floor"]
    if floor is not None:
        axes[1].axvline(floor, color=GREY, linestyle="--", linewidth=1)
        axes[1].annotate("floor", (floor, 0), xytext=(4, 0), textcoords="offset points", fontsize=8, color=GREY)
    return figure


def frontier_figure(points: Mapping[str, ModelScores]) -> Figure:
    """Draws calibration error on ambiguous pixels against wrong decidable pixels, as 1 - IoU; a marker a training."""
    figure, (ax,) = chart(1, height=4.6)
    for number, (name, scores) in enumerate(points.items()):
        decidable, color = scores["iou_decidable"], COLORS[number % len(COLORS)]
        ax.scatter(
            numbers([None if decidable is None else 1 - decidable]),
            numbers([scores["ambiguous"]["calibration_error"]]),
            s=60,
            edgecolors=color,
            facecolors=color if number < len(COLORS) else "none",  # there are more points than colours
            marker=MARKERS[number % len(MARKERS)],
            label=f"{name} ({scores['minutes']:.0f} min)",
        )
    ax.set(xlabel="1 - IoU, decidable pixels (less is better)", ylabel="calibration error, ambiguous pixels (less is better)")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.locator_params(axis="x", nbins=5)
    figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    return figure


def _group(name: str) -> int:
    return ("exclude", "hard", "exact").index(name.partition(",")[0])
