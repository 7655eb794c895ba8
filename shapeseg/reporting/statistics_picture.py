"""The picture of a dataset's statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapeseg.reporting.style import GREY, PALE, SLATE, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_COLORS = 8  # of a kind, to be shown each by a bar; more would be slivers


def statistics_figure(found: Mapping[str, Any]) -> Figure:
    """Draws shapes an image, occlusion of the targets, and of each kind, one below the other, its colours and sizes.

    Args:
        found: As of ``shapeseg.datasets.statistics``.
    """
    from matplotlib.figure import Figure

    kinds = len(found["sizes"])
    figure = Figure(figsize=(11, max(6.0, 2.2 + 0.8 * kinds)), dpi=130, layout="constrained")
    (instances, colors), (occlusion, sizes) = figure.subplots(2, 2)
    images = sum(found["instances"].values())
    bars(instances, found["instances"], f"shapes in an image, {images} images", "images")
    _draw_colors(colors, found["colors"])
    _draw_sizes(sizes, found["sizes"])
    rectangles = sum(found["occlusion"].values())
    bars(occlusion, found["occlusion"], f"occlusion rate, {rectangles} targets", "targets (log scale)")
    occlusion.set_yscale("symlog", linthresh=1)
    occlusion.yaxis.set_major_formatter("{x:g}")
    return figure


def bars(axes: Axes, counts: Mapping[Any, int], xlabel: str, ylabel: str) -> None:
    """Draws a bar for each count, with its number where there are few."""
    quiet(axes)
    drawn = axes.bar([str(name) for name in counts], list(counts.values()), color=GREY)
    if len(counts) <= 16:
        axes.bar_label(drawn, fontsize=8)
    else:
        axes.locator_params(axis="x", nbins=12)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.tick_params(axis="x", labelsize=8)
    axes.margins(y=0.12)


def _draw_colors(axes: Axes, colors: Mapping[str, Mapping[str, int]]) -> None:
    """Draws a bar per kind, with a part per colour."""
    for row, counts in enumerate(colors.values()):
        if len(counts) > _MOST_COLORS:
            axes.barh(row, sum(counts.values()), height=0.7, color=GREY)
        else:
            start = 0
            for color, count in counts.items():
                axes.barh(row, count, left=start, height=0.7, color=color, edgecolor="white")
                _write_count(axes, row, start + count / 2, count)
                start += count
        axes.text(sum(counts.values()), row, f" {sum(counts.values())}", va="center", fontsize=9, color=SLATE)
    _name_rows(axes, colors)
    many = any(len(counts) > _MOST_COLORS for counts in colors.values())
    axes.set_xlabel("shapes of a kind" if many else "shapes of a kind, by colour")
    axes.margins(x=0.1)


def _write_count(axes: Axes, row: int, middle: float, count: int) -> None:
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2, foreground="white")]
    axes.text(middle, row, str(count), ha="center", va="center", fontsize=8, color="black", path_effects=halo)


def _draw_sizes(axes: Axes, sizes: Mapping[str, Mapping[int, int]]) -> None:
    """Draws how often each width or height occurs, a row a kind, all to one scale."""
    most = max((count for counts in sizes.values() for count in counts.values()), default=1)
    for row, counts in enumerate(sizes.values()):
        places = range(min(counts), max(counts) + 1)
        heights = [row + 0.45 - 0.85 * counts.get(place, 0) / most for place in places]
        axes.fill_between(places, row + 0.45, heights, step="mid", color=PALE, linewidth=0)
        axes.step(places, heights, where="mid", color=GREY, linewidth=1)
        axes.axhline(row + 0.45, color=PALE, linewidth=0.6)
    _name_rows(axes, sizes)
    axes.set_xlabel(f"width or height in pixels (the highest: {most} times)")
    axes.locator_params(axis="x", integer=True)


def _name_rows(axes: Axes, kinds: Mapping[str, object]) -> None:
    quiet(axes, "x")
    axes.set_yticks(range(len(kinds)), [kind.replace("_", " ") for kind in kinds])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(kinds) - 0.4, -0.6)
