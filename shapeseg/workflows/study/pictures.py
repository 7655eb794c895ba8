"""The pictures of the occlusion study: scores of the arms, recall against occlusion, and what two models see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.reporting.legends import error_legend
from shapeseg.reporting.pictures import TILE, aspect_of, grid, show
from shapeseg.reporting.pixels import error_map
from shapeseg.reporting.style import LOOKS, chart, quiet, shade
from shapeseg.workflows.study.record import MatrixScore, Mean, OrderTest, ResponseCurve, ResponseScore, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Mask = NDArray[np.bool_]

PANELS = {"any": "any occluder", "other": "occluder in another colour", "same": "occluder in the same colour"}
ORDERS = {"other": "different colours: the image tells", "same": "same colour: the image does not tell"}
SCORES: Mapping[ResponseScore, str] = {
    "recall": "recall: share of its visible pixels that are found",
    "invented": "pixels invented in an image with such a rectangle",
}
_DPI = 110


class Comparison(NamedTuple):
    """One image with the predictions of two models.

    Attributes:
        title: What to write above it.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        truth: bool (H, W).
        base: bool (H, W), predicted by the one.
        other: bool (H, W), predicted by the other.
        ambiguous: bool (H, W): where the image does not determine the label.
    """

    title: str
    image: NDArray[np.uint8]
    truth: Mask
    base: Mask
    other: Mask
    ambiguous: Mask

    def wrong(self, predicted: Mask, part: Mask | bool) -> int:
        """Returns how many pixels of a part of the image a prediction has wrong."""
        return int(np.count_nonzero((predicted != self.truth) & part))


def matrix_figure(results: StudyResults) -> Figure:
    """Draws the IoU of every arm on every test set: mean, interval, and a faint dot a seed."""
    from matplotlib.figure import Figure

    matrix = results["matrix"]
    figure = Figure(figsize=(2.6 * len(matrix) + 1.6, 0.9 * len(results["training_sets"]) + 1), dpi=_DPI, layout="constrained")
    axes = figure.subplots(2, len(matrix), squeeze=False, sharey=True)
    shown: Sequence[tuple[MatrixScore, str]] = (("iou", "all pixels"), ("iou_decidable", "decidable pixels"))
    for row, (score, name) in enumerate(shown):
        for ax, (test, arms) in zip(axes[row], matrix.items(), strict=True):
            draw_arms(ax, {arm: found[score] for arm, found in arms.items()})
            ax.set_xlabel(f"rectangle IoU, {name}", fontsize=8)
            ax.locator_params(axis="x", nbins=4)
            if row == 0:
                ax.set_title(f"tested on {test}", fontsize=10)
    axes[0][0].invert_yaxis()  # shared by all
    figure.suptitle(
        "Rows: what a model was trained on. Bars: 95 % intervals over images and seeds; small dots: seeds. "
        "Each panel has its own scale",
        fontsize=10,
    )
    return figure


def headline_figure(results: StudyResults) -> Figure:
    """Draws two scores of every arm: IoU of decidable pixels of natural images, and what it takes to be in front."""
    figure, (iou, called) = chart(2, height=0.42 * len(results["training_sets"]) + 1.1)
    draw_arms(iou, {arm: found["iou_decidable"] for arm, found in results["matrix"]["natural"].items()})
    iou.set_xlabel("IoU of decidable pixels,\nnatural images", fontsize=9)
    iou.locator_params(axis="x", nbins=4)
    draw_arms(called, results["order"]["called"]["other"]["behind"], digits=2)
    called.set_xlabel("behind another colour, share that is\ncalled rectangle: 0 is right", fontsize=9)
    called.set_xlim(-0.05, 1.05)
    called.tick_params(labelleft=False)
    for ax in (iou, called):
        ax.invert_yaxis()
    return figure


def order_figure(found: OrderTest) -> Figure:
    """Draws which share of contested pixels each arm calls rectangle, in front and behind: means, and a faint dot a seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 0.6 * len(found["called"]["other"]["behind"]) + 1.7), dpi=_DPI, layout="constrained")
    axes = figure.subplots(1, len(ORDERS), sharey=True)
    for ax, (colors, name) in zip(axes, ORDERS.items(), strict=True):
        for place, arms in found["called"][colors].items():
            _draw_place(ax, arms, hollow=place == "behind")
        ax.set_title(f"{name}\n{found['pixels'][colors]:,} pixels of {found['scenes'][colors]:,} scenes", fontsize=10)
        ax.set_xlabel("share of contested pixels that is called rectangle", fontsize=9)
        ax.set_xlim(-0.04, 1.04)
        quiet(ax, "x")
        ax.tick_params(labelsize=9)
    axes[0].invert_yaxis()  # shared
    figure.suptitle(
        "Rows: what a model was trained on. Filled: the rectangle is in front, 1 is right. Hollow: it is behind, 0 is right. "
        "Small dots: seeds",
        fontsize=10,
    )
    return figure


def arms_response_figure(found: Mapping[str, ResponseCurve]) -> Figure:
    """Draws recall and invented pixels against how much of a rectangle is hidden: a line an arm, its interval shaded."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8 * len(found), 7.6), dpi=90, layout="constrained")
    axes = figure.subplots(len(SCORES), len(found), squeeze=False, sharey="row")
    for row, (score, name) in enumerate(SCORES.items()):
        for ax, (group, curve) in zip(axes[row], found.items(), strict=True):
            _draw_response(ax, curve["rate"], curve[score])
            if row == 0:
                n = ", ".join(str(count) for count in curve["n"].values())
                ax.set_title(f"{PANELS[group]}\nrectangles in the bins: {n}", fontsize=10)
        axes[row][0].set_ylabel(name, fontsize=9)
    for ax in axes[-1]:
        ax.set_xlabel("share of the rectangle that is hidden (mean of each bin)", fontsize=9)
    figure.suptitle("Lines: what a model was trained on. Bands: 95 % intervals over images and seeds", fontsize=11)
    return figure


def comparison_figure(comparisons: Sequence[Comparison], other: str) -> Figure:
    """Draws a column an image: the image, the truth, and the errors of the model trained on all and of another one."""
    left = 0.3
    legend = error_legend(left + (TILE + 0.07) * len(comparisons), scale=False, unknowable=True)
    aspect = aspect_of(each.image for each in comparisons)
    figure, rows = grid(4, len(comparisons), aspect=aspect, left=left, top=0.75, bottom=legend.height)
    for column, each in enumerate(comparisons):
        errors = (error_map(each.truth, predicted, each.ambiguous) for predicted in (each.base, each.other))
        for axes, tile in zip(rows, (each.image, shade(each.truth), *errors), strict=True):
            show(axes[column], tile)
        more, known = (each.wrong(each.other, part) - each.wrong(each.base, part) for part in (True, ~each.ambiguous))
        title = f"{each.title}\n{more:+,} wrong pixels,\n{known:+,} that can be known"
        rows[0][column].set_title(title, fontsize=8, loc="left", pad=3)
    for axes, name in zip(rows, ("image", "truth", "trained on all", f"trained on {other}"), strict=True):
        axes[0].set_ylabel(name, fontsize=8)
    heading = f"The largest losses of training on {other}, against training on all"
    figure.text(left / figure.get_figwidth(), 1 - 0.06 / figure.get_figheight(), heading, fontsize=11, va="top")
    legend.draw(figure)
    return figure


def draw_arms(ax: Axes, arms: Mapping[str, Mean], digits: int = 4) -> None:
    """Draws a row an arm: mean with its number, interval, and a faint dot a seed."""
    for place, ((color, marker), found) in enumerate(zip(LOOKS, arms.values(), strict=False)):
        if found["value"] is None:
            continue
        if found["interval"]:
            ax.plot(found["interval"], [place, place], color=color, linewidth=2, solid_capstyle="butt")
        seeds = np.array(found["seeds"], np.float64)
        ax.plot(seeds, [place + 0.22] * len(seeds), ".", color=color, alpha=0.45, markersize=5)
        ax.plot([found["value"]], [place], marker, color=color, markersize=6)
        ax.annotate(
            f"{found['value']:.{digits}f}",
            (found["value"], place),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )
    ax.set_yticks(range(len(arms)), list(arms))
    ax.set_ylim(-0.7, len(arms) - 0.5)
    quiet(ax, "x")
    ax.tick_params(labelsize=8)


def _draw_place(ax: Axes, arms: Mapping[str, Mean], *, hollow: bool) -> None:
    """Draws a row an arm, those of hollow marks below the others: its mean, and below it a faint dot a seed."""
    for row, ((color, marker), found) in enumerate(zip(LOOKS, arms.values(), strict=False)):
        height, face = (row + 0.12, "white") if hollow else (row - 0.25, color)
        seeds = np.array(found["seeds"], np.float64)
        ax.plot(seeds, [height + 0.17] * len(seeds), ".", color=color, alpha=0.6, markerfacecolor=face, markersize=5)
        if found["value"] is not None:
            ax.plot([found["value"]], [height], marker, color=color, markerfacecolor=face, markersize=7)
    ax.set_yticks(range(len(arms)), list(arms))
    ax.set_ylim(-0.6, len(arms) - 0.4)


def _draw_response(ax: Axes, rate: Mapping[str, float | None], arms: Mapping[str, Mapping[str, Mean]]) -> None:
    ends = {}
    for (color, marker), (arm, bins) in zip(LOOKS, arms.items(), strict=False):
        points = [(rate[name] or 0.0, found["value"]) for name, found in bins.items() if found["value"] is not None]
        ax.plot(*np.array(points).reshape(-1, 2).T, marker=marker, color=color, markersize=5, linewidth=1.4)
        known = [(rate[name] or 0.0, *found["interval"]) for name, found in bins.items() if found["interval"]]
        ax.fill_between(*np.array(known).reshape(-1, 3).T, color=color, alpha=0.1, linewidth=0)
        if points:
            ends[arm] = (*points[-1], color)
    _label_ends(ax, ends)
    quiet(ax)
    ax.set_xticks(np.arange(0, 1.01, 0.25))
    ax.set_xlim(-0.03, 1.32)


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Names each line at its end; names that would cover each other are moved apart."""
    if not ends:
        return
    low, high = ax.get_ylim()
    gap = (high - low) / 19
    order = sorted(ends.items(), key=lambda item: item[1][1])
    heights: list[float] = []
    for _, (_, y, _) in order:
        heights.append(max(y, heights[-1] + gap) if heights else y)
    shift = (
        max(0.0, heights[-1] - high) + (sum(h - y for h, (_, (_, y, _)) in zip(heights, order, strict=True)) / len(order)) / 2
    )
    right = max(x for x, _, _ in ends.values()) + 0.06
    for height, (arm, (x, y, color)) in zip(heights, order, strict=True):
        ax.annotate(
            arm,
            (x, y),
            xytext=(right, height - shift),
            va="center",
            fontsize=8,
            color=color,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
        )
