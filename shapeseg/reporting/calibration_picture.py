"""The picture of calibration: how often pixels of probability p are rectangle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapeseg.reporting.style import COLORS, GREY, MARKERS, chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def calibration_figure(found: Mapping[str, Any]) -> Figure:
    """Draws share of rectangle against probability, for decidable and for ambiguous pixels, and how many pixels there are.

    Args:
        found: ``calibration`` of ``metrics.json``; a group that is unknown (None) is left out.
    """
    figure, (curve, pixels) = chart(2)
    known = {name: group for name, group in found.items() if name != "all" and group is not None} or {"all": found["all"]}
    curve.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1, label="perfectly calibrated")
    for (name, group), color, marker in zip(known.items(), COLORS, MARKERS, strict=False):
        bins = [each for each in group["bins"] if each["pixels"]]
        error = "undefined" if group["expected_error"] is None else f"{group['expected_error']:.4f}"
        confidence = [each["confidence"] for each in bins]
        curve.plot(
            confidence,
            [each["frequency"] for each in bins],
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
