"""The charts of an evaluation: calibration, thresholds, where wrong pixels lie, recall against occlusion and its kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.groups import BreakdownCell, GroupScores
from shapeseg.evaluation.metrics import Scores, reliability_groups
from shapeseg.evaluation.threshold import CANDIDATES, counts_at
from shapeseg.reporting.interval_text import group_note
from shapeseg.reporting.legends import as_written
from shapeseg.reporting.style import BLUE, COLORS, GREY, MARKERS, VERMILION, chart, numbers
from shapeseg.scenes.occlusion import BIN_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def calibration_figure(metrics: Scores) -> Figure:
    """Draws share of rectangle against probability, for decidable and for ambiguous pixels, and how many pixels there are.

    Of ambiguous pixels the share is that of their exact probability.

    Args:
        metrics: As of ``metrics.json``; a group that is unknown is left out.
    """
    figure, (curve, pixels) = chart(2)
    known = reliability_groups(metrics)
    curve.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1, label="perfectly calibrated")
    for (name, group), color, marker in zip(known.items(), COLORS, MARKERS, strict=False):
        bins = [each for each in group["bins"] if each["pixels"]]
        error = "undefined" if group["expected_error"] is None else f"{group['expected_error']:.4f}"
        confidence = numbers(each["confidence"] for each in bins)
        curve.plot(
            confidence,
            numbers(each["frequency"] for each in bins),
            color=color,
            marker=marker,
            label=f"{name}, expected error {error}",
        )
        pixels.plot(confidence, [each["pixels"] for each in bins], color=color, marker=marker, label=name)
    curve.set(xlabel="predicted probability of rectangle", ylabel="share that is rectangle", xlim=(0, 1), ylim=(0, 1.3))
    curve.set_yticks([0, 0.25, 0.5, 0.75, 1])
    curve.legend(frameon=False, loc="upper left", fontsize=9)
    pixels.set(xlabel="predicted probability of rectangle", ylabel="pixels (log scale)", xlim=(0, 1), yscale="log")
    return figure


def threshold_figure(found: NDArray[np.int64], chosen: float) -> Figure:
    """Draws IoU, precision and recall against the threshold, the chosen one marked.

    Args:
        found: Pixels by label and probability, as of ``shapeseg.evaluation.threshold.histograms``, summed over images.
        chosen: 0 to 1.
    """
    figure, (whole, near) = chart(2)
    counts = [counts_at(found, candidate) for candidate in CANDIDATES]
    for ax in (whole, near):
        for name, color, style in zip(("IoU", "precision", "recall"), COLORS, ("-", "--", ":"), strict=False):
            scores = [getattr(each, name.lower()) for each in counts]
            ax.plot(CANDIDATES, [np.nan if score is None else score for score in scores], style, color=color, label=name)
        ax.axvline(chosen, color=GREY, linewidth=1, label=f"chosen: {chosen:g}")
        ax.set(xlabel="threshold", xlim=(0, 1))
    ious = [each.iou for each in counts if each.iou is not None]
    whole.set(ylabel="score", ylim=(0, 1.02))
    near.set(ylabel="score, enlarged", ylim=(min(ious, default=0) - 0.01, 1.002))
    figure.legend(*whole.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def errors_figure(wrong_pixels: Mapping[str, int | None], images: Sequence[Mapping[str, Any]]) -> Figure:
    """Draws how many wrong pixels lie where, and the IoU of each image against its most hidden rectangle.

    Args:
        wrong_pixels: As of ``metrics.json``.
        images: Rows of ``per_image.csv``; those whose IoU is undefined are left out.
    """
    figure, (places, dots) = chart(2)
    known = {name: pixels for name, pixels in wrong_pixels.items() if pixels is not None}
    bars = places.barh(list(known), list(known.values()), color=GREY)
    total = max(sum(known.values()), 1)
    places.bar_label(bars, [f"{pixels} ({pixels / total:.0%})" for pixels in known.values()], padding=3, fontsize=9)
    places.invert_yaxis()
    places.margins(x=0.3)
    places.grid(visible=False)
    places.set(xlabel="wrong pixels")
    shown = [row for row in images if row["iou"] is not None and row["max_occlusion"] is not None]
    dots.scatter([row["max_occlusion"] for row in shown], [row["iou"] for row in shown], s=16, color=COLORS[0], alpha=0.5)
    dots.set(xlabel="highest occlusion rate of a rectangle in the image", ylabel="IoU of the image")
    return figure


Bins = Mapping[str, GroupScores]


def response_figure(models: Mapping[str, Bins]) -> Figure:
    """Draws mean recall and mean IoU of rectangles by occlusion bin, a line a model, with intervals where they hold.

    Args:
        models: Name of each model to its ``by_occlusion`` of ``metrics.json``. Bins without rectangles are left out.
    """
    figure, axes = chart(2)
    scores: tuple[Literal["recall", "iou"], ...] = ("recall", "iou")
    for ax, score in zip(axes, scores, strict=True):
        for number, (name, bins) in enumerate(models.items()):
            _draw(ax, score, name, bins, number)
        first = next(iter(models.values()))
        names = ["\n".join([name, *group_note(group).split(", ")]) for name, group in first.items() if name != "hidden"]
        ax.set_xticks(range(len(names)), names, fontsize=8)
        ax.set(xlabel="occlusion rate of the rectangle", ylabel=f"mean {'IoU' if score == 'iou' else score}")
        ax.margins(x=0.08)
    if len(models) > 1:
        as_written(axes[0].legend(frameon=False))
    return figure


_OCCLUDER_COLORS = {"other": BLUE, "same": VERMILION, "both": GREY}


def breakdown_figure(cells: Sequence[BreakdownCell], least: int = 5) -> Figure:
    """Draws mean recall and mean IoU of rectangles by occlusion bin, a line a kind and colour of what hides them.

    Args:
        cells: ``breakdown`` of ``metrics.json``; whatever the pieces, rectangles of one line and bin are pooled.
        least: Points of fewer rectangles are left out.
    """
    figure, axes = chart(2, height=4.0)
    bins = [name for name in BIN_NAMES if name not in ("0", "hidden")]
    hidden = [cell for cell in cells if cell["occlusion"] in bins]
    lines = sorted({(cell["occluder_kind"], cell["occluder_color"]) for cell in hidden})
    kinds = sorted({kind for kind, _ in lines})
    scores: tuple[Literal["recall", "iou"], ...] = ("recall", "iou")
    for ax, score in zip(axes, scores, strict=True):
        for kind, color in lines:
            groups = [
                [
                    cell
                    for cell in hidden
                    if (cell["occluder_kind"], cell["occluder_color"], cell["occlusion"]) == (kind, color, name)
                ]
                for name in bins
            ]
            counts = [sum(cell["n"] for cell in group) for group in groups]
            known = [place for place, n in enumerate(counts) if n >= least]
            values = [sum(cell["n"] * (cell[score] or 0) for cell in groups[place]) / counts[place] for place in known]
            ax.plot(
                known,
                values,
                color=_OCCLUDER_COLORS.get(color, GREY),
                marker=MARKERS[kinds.index(kind) % len(MARKERS)],
                linestyle=("-", "--", ":", "-.")[kinds.index(kind) % 4],
                label=f"{kind}, {color} colour (n = {', '.join(str(n) for n in counts)})",
            )
        ax.set_xticks(range(len(bins)), bins, fontsize=8)
        ax.set(xlabel="occlusion rate of the rectangle", ylabel=f"mean {'IoU' if score == 'iou' else score}", ylim=(0, 1.03))
        ax.margins(x=0.08)
    if lines:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def _draw(ax: Axes, score: Literal["recall", "iou"], name: str, bins: Bins, number: int) -> None:
    places, values, below, above = [], [], [], []
    for place, group in enumerate(bins.values()):
        value = group[score]
        if value is not None:
            low, high = group["recall_interval" if score == "recall" else "iou_interval"] or (np.nan, np.nan)
            places.append(place)
            values.append(value)
            below.append(value - low)
            above.append(high - value)
    color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]
    ax.errorbar(places, values, [below, above], color=color, marker=marker, capsize=3, label=name)
    if number == 0:
        for place, value in zip(places, values, strict=True):
            ax.annotate(f"{value:.3f}", (place, value), xytext=(5, 5), textcoords="offset points", fontsize=8)
