"""The picture of what the user's own data contains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapeseg.reporting.statistics_picture import bars
from shapeseg.reporting.style import GREY, PALE, quiet
from shapeseg.reporting.texts import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = 20
_NAME = 1.4  # inches


def own_statistics_figure(found: Mapping[str, Any], target_name: str) -> Figure:
    """Draws images by split, sizes, how much of each image is target, and which images have least and most of it.

    Args:
        found: As of :func:`shapeseg.datasets.own_statistics.own_statistics`.
        target_name: What the target is called.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(11, 7), dpi=130, layout="constrained")
    splits, sizes, shares, extremes = figure.subplots(2, 2).flat
    bars(splits, found["splits"], "split", "images")
    _draw_sizes(sizes, found["sizes"])
    known = {name: share for name, share in found["target_shares"].items() if share is not None}
    _draw_shares(shares, [*known.values()], target_name)
    _draw_extremes(extremes, known, target_name)
    for axes in (splits, shares):
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    for axes, lines in ((sizes, "y"), (shares, "y"), (extremes, "x")):
        quiet(axes, lines)
    return figure


def _draw_sizes(axes: Axes, sizes: Mapping[str, int]) -> None:
    points = Counter({tuple(map(int, name.split(" x "))): count for name, count in sizes.items()})
    widths, heights = zip(*points, strict=True)
    areas = [30 + 300 * count / max(points.values()) for count in points.values()]
    axes.scatter(widths, heights, areas, color=GREY, alpha=0.7, linewidths=0)
    for (width, height), count in points.most_common(5):
        axes.annotate(f"{count}", (width, height), ha="center", va="center", fontsize=8)
    side = 1.15 * max(*widths, *heights)
    axes.plot([0, side], [0, side], color=PALE, linewidth=0.8, linestyle="--", zorder=0)
    axes.set(xlabel="width in pixels; number of images in the dots", ylabel="height in pixels", xlim=(0, side), ylim=(0, side))
    axes.set_aspect("equal")


def _draw_shares(axes: Axes, shares: list[float], target_name: str) -> None:
    axes.hist(shares, bins=_BINS, range=(0, max(shares, default=0) or 1), color=GREY)
    axes.set_xlabel(f"share of an image that is {target_name}", parse_math=False)  # a name may hold a $
    axes.set_ylabel("images")
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")


def _draw_extremes(axes: Axes, known: Mapping[str, float], target_name: str) -> None:
    ordered = sorted(known.items(), key=lambda each: each[1])
    shown = ordered if len(ordered) <= 12 else [*ordered[:6], *ordered[-6:]]
    drawn = axes.barh(range(len(shown)), [share for _, share in shown], color=GREY)
    axes.set_yticks(range(len(shown)), [cut(name, _NAME, 9) for name, _ in shown], fontsize=9, parse_math=False)
    axes.bar_label(drawn, [f"{100 * share:.3g} %" for _, share in shown], fontsize=8, padding=3)
    axes.set_xlabel(f"least and most {target_name}", parse_math=False)
    axes.set_xticks([])
    axes.margins(x=0.14)
