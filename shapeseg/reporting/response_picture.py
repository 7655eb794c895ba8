"""The occlusion response curve: how much of a rectangle is found, by how much of it is hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapeseg.reporting.style import COLORS, MARKERS, chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Bins = Mapping[str, Mapping[str, Any]]


def response_figure(models: Mapping[str, Bins]) -> Figure:
    """Draws mean recall and mean IoU of rectangles by occlusion bin, with their intervals, a line a model.

    Args:
        models: Name of each model to its ``by_occlusion`` of ``metrics.json``. Bins without rectangles are left out.
    """
    figure, axes = chart(2)
    for ax, score in zip(axes, ("recall", "iou"), strict=True):
        for number, (name, bins) in enumerate(models.items()):
            _draw(ax, score, name, bins, number)
        first = next(iter(models.values()))
        names = [f"{name}\nn={group['n']}" for name, group in first.items() if name != "hidden"]
        ax.set_xticks(range(len(names)), names, fontsize=8)
        ax.set(xlabel="occlusion rate of the rectangle", ylabel=f"mean {'IoU' if score == 'iou' else score}")
        ax.margins(x=0.08)
    if len(models) > 1:
        axes[0].legend(frameon=False)
    return figure


def _draw(ax: Axes, score: str, name: str, bins: Bins, number: int) -> None:
    places, groups = [], []
    for place, group in enumerate(bins.values()):
        if group[score] is not None:
            places.append(place)
            groups.append(group)
    values = [group[score] for group in groups]
    spreads = [group[f"{score}_interval"] or (group[score], group[score]) for group in groups]
    below = [value - low for value, (low, _) in zip(values, spreads, strict=True)]
    above = [high - value for value, (_, high) in zip(values, spreads, strict=True)]
    color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]
    ax.errorbar(places, values, [below, above], color=color, marker=marker, capsize=3, label=name)
    if len(values) and number == 0:
        for place, value in zip(places, values, strict=True):
            ax.annotate(f"{value:.3f}", (place, value), xytext=(5, 5), textcoords="offset points", fontsize=8)
