"""The charts of trainings: the curves of one run, and what several reached, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from shapeseg.reporting.legends import as_written
from shapeseg.reporting.stretched import stretch
from shapeseg.reporting.style import BLACK, BLUE, COLORS, GREEN, GREY, MARKERS, SKY, VERMILION, chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

_MARKED = 40  # epochs: more marks would hide the line
_TRAIN = {"color": GREY, "marker": "o", "linewidth": 1.2, "label": "train (augmented)"}
_VAL = {"color": VERMILION, "marker": "s", "linewidth": 1.6, "label": "val"}
_DECIDABLE = {"color": BLUE, "marker": "^", "linewidth": 1.2, "label": "val, decidable pixels"}

_PANELS = (
    ("val_loss", "loss on val"),
    ("val_iou", "rectangle IoU on val"),
    ("val_iou_decidable", "the same, decidable pixels"),
)


def runs_figure(histories: Mapping[str, Sequence[Mapping[str, float]]]) -> Figure:
    """Draws loss and IoU on val against the epoch, a line a run, its best epoch marked; scales as in :func:`curves_figure`.

    Args:
        histories: Name of each run to its epochs, as ``fit`` returns them and ``history.csv`` holds them.
    """
    figure, axes = chart(len(_PANELS))
    for ax, (score, label) in zip(axes, _PANELS, strict=True):
        shown: list[float] = []
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
            shown += [row[score] for row in known]
        _logarithmic(ax) if score == "val_loss" else stretch(ax, shown)
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.set_major_locator(_epochs())
    handles, labels = axes[0].get_legend_handles_labels()
    as_written(figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False))
    return figure


def curves_figure(history: Sequence[Mapping[str, float]], ceiling: float | None = None) -> Figure:
    """Draws loss and IoU, on training and val data, against the epoch; a line marks the best one.

    The loss is logarithmic and the IoU stretched towards 1, so that the end of a long run can be read as well as its
    beginning. Where it is known, the log loss on ambiguous pixels of val is drawn, too, above the least that a model can have.

    Args:
        history: What ``history.csv`` holds for each epoch; a value that is missing or NaN is left out.
        ceiling: Ceiling of the val data, drawn as a dashed line, with the IoU on decidable pixels; None where unknown.
    """
    best = max(history, key=lambda row: row["val_iou"])["epoch"]
    panels = [
        panel for panel in (_draw_loss, _draw_iou, _draw_log_loss) if panel is not _draw_log_loss or _has_log_loss(history)
    ]
    figure, axes = chart(len(panels), height=3.6, width=4.5 * len(panels))
    for ax, draw in zip(axes, panels, strict=True):
        draw(ax, history, ceiling)
        ax.axvline(best, color=BLACK, linestyle=":", linewidth=1, label=f"best epoch: {best:.0f} of {len(history)}")
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(_epochs())
        ax.margins(x=0.03)
    found = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(found.values(), found, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _draw_loss(ax: Axes, history: Sequence[Mapping[str, float]], _ceiling: float | None) -> None:
    for name, look in (("loss", _TRAIN), ("val_loss", _VAL)):
        _plot(ax, history, name, look)
    _logarithmic(ax)
    ax.set_title("loss (log scale)", fontsize=10)


def _draw_iou(ax: Axes, history: Sequence[Mapping[str, float]], ceiling: float | None) -> None:
    names = {"iou": _TRAIN, "val_iou": _VAL} | ({} if ceiling is None else {"val_iou_decidable": _DECIDABLE})
    scores = [score for name, look in names.items() for score in _plot(ax, history, name, look)]
    if ceiling is not None:
        ax.axhline(ceiling, color=GREEN, linestyle="--", linewidth=1.3, label=f"ceiling, of a large set: {ceiling:.4f}")
        scores.append(ceiling)
    stretch(ax, scores)
    ax.set_title("IoU (stretched towards 1)", fontsize=10)


def _epochs() -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])


def _logarithmic(ax: Axes) -> None:
    """Makes a vertical axis logarithmic, with labels at powers of ten, and between them where those are few."""
    from matplotlib.ticker import LogLocator, NullLocator

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    factors = (1,) if high >= 100 * low else (1, 2, 5) if high >= 8 * low else range(1, 10)
    ax.yaxis.set_major_locator(LogLocator(subs=factors))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter("{x:g}")


def _draw_log_loss(ax: Axes, history: Sequence[Mapping[str, float]], _ceiling: float | None) -> None:
    _plot(ax, history, "val_log_loss", _VAL)
    floors = [row["val_log_loss_floor"] for row in history if isfinite(row.get("val_log_loss_floor", nan))]
    if floors:
        ax.axhline(floors[-1], color=SKY, linestyle="-.", linewidth=1.3, label=f"least possible log loss: {floors[-1]:.3f}")
    ax.set_ylim(bottom=0)
    ax.set_title("log loss, ambiguous pixels", fontsize=10)


def _has_log_loss(history: Sequence[Mapping[str, float]]) -> bool:
    return any(isfinite(row.get("val_log_loss", nan)) for row in history)


def _plot(ax: Axes, history: Sequence[Mapping[str, float]], name: str, look: Mapping[str, Any]) -> list[float]:
    """Draws one column of the history, and returns what was drawn."""
    known = [(row["epoch"], row[name]) for row in history if isfinite(row.get(name, nan))]
    marks = look["marker"] if len(known) <= _MARKED else ""
    ax.plot([epoch for epoch, _ in known], [value for _, value in known], **{**look, "marker": marks}, markersize=4)
    return [value for _, value in known]
