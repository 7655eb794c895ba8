"""The picture of a dataset's statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR = "#607d8b"


def statistics_figure(found: Mapping[str, Any]) -> Figure:
    """Draws shapes an image, colours by kind, sizes, and the occlusion histogram of the targets."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7), dpi=130, layout="constrained")
    instances, colors, sizes, occlusion = figure.subplots(2, 2).flat
    bars(instances, found["instances"], "shapes in an image", "images")
    _draw_colors(colors, found["colors"])
    for number, (kind, counts) in enumerate(found["sizes"].items()):
        sizes.plot(
            list(counts),
            list(counts.values()),
            drawstyle="steps-mid",
            label=kind,
            linestyle=("-", "--", ":", "-.")[number % 4],
        )
    sizes.set(xlabel="width or height in pixels", ylabel="shapes", ylim=(0, None))
    sizes.legend(frameon=False)
    bars(occlusion, found["occlusion"], "occlusion rate of rectangles", "rectangles (log scale)")
    occlusion.set_yscale("symlog")
    for axes in (instances, colors, sizes, occlusion):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def bars(axes: Axes, counts: Mapping[Any, int], xlabel: str, ylabel: str) -> None:
    """Draws a bar for each count, with its number."""
    drawn = axes.bar([str(name) for name in counts], list(counts.values()), color=BAR)
    axes.bar_label(drawn, fontsize=8)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.tick_params(axis="x", labelsize=8)
    axes.margins(y=0.12)


def _draw_colors(axes: Axes, colors: Mapping[str, Mapping[str, int]]) -> None:
    names = [f"{kind} {color}" for kind, counts in colors.items() for color in counts]
    values = [count for counts in colors.values() for count in counts.values()]
    shown = [color for counts in colors.values() for color in counts]
    bars = axes.barh(names, values, color=shown, edgecolor="#37474f", linewidth=0.6)
    axes.bar_label(bars, fontsize=8, padding=3)
    axes.set(xlabel="shapes")
    axes.invert_yaxis()
    axes.margins(x=0.12)
