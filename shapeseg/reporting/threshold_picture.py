"""The picture of a threshold: what each candidate would reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.threshold import CANDIDATES, counts_at
from shapeseg.reporting.style import COLORS, GREY, chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
