"""What the charts share: colours that readers tell apart without seeing hues, and quiet axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#37474f")
"""One a line, in turn; :data:`MARKERS` tells lines apart too."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#607d8b"


def numbers(values: Iterable[float | None]) -> NDArray[np.float64]:
    """Returns scores as float64 (N,); one that is undefined is NaN, which no chart draws."""
    return np.array(list(values), np.float64)


def chart(columns: int, height: float = 3.4) -> tuple[Figure, list[Axes]]:
    """Returns a figure of charts side by side, and their axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.4, height), dpi=110, layout="constrained")
    figure.get_layout_engine().set(wspace=0.06)  # type: ignore[union-attr,call-arg]  # of the engine that was asked for
    axes = list(figure.subplots(1, columns, squeeze=False).flat)
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", alpha=0.3)
        ax.set_axisbelow(True)
    return figure, axes


def enlarge_text(figure: Figure, factor: float = 1.6) -> Figure:
    """Returns the figure with all its text so many times as large, for a slide that is read from far away."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_fontsize(factor * float(text.get_fontsize()))
    return figure
