"""The picture of several runs: what each reached, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shapeseg.reporting.style import COLORS, MARKERS, chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANELS = (
    ("val_loss", "loss on val"),
    ("val_iou", "rectangle IoU on val"),
    ("val_iou_decidable", "the same, decidable pixels"),
)


def runs_figure(histories: Mapping[str, Sequence[Mapping[str, float]]]) -> Figure:
    """Draws loss and IoU on val against the epoch, a line a run, its best epoch marked.

    Args:
        histories: Name of each run to its epochs, as ``fit`` returns them and ``history.csv`` holds them.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = chart(len(_PANELS))
    for ax, (score, label) in zip(axes, _PANELS, strict=True):
        for number, (name, epochs) in enumerate(histories.items()):
            known = [row for row in epochs if score in row]
            scores = [row["val_iou"] for row in known]
            ax.plot(
                [row["epoch"] for row in known],
                [row[score] for row in known],
                color=COLORS[number % len(COLORS)],
                marker=MARKERS[number % len(MARKERS)],
                markevery=[scores.index(max(scores))] if scores else [],
                markersize=7,
                label=name,
            )
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_ylim(bottom=0)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure
