"""The one palette, for pictures and pages alike, and quiet axes. Everything can be told apart without hues, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rgb = tuple[int, int, int]

# Lines and marks: after Okabe and Ito, and a brown and a slate.
BLACK, VERMILION, SKY, BROWN = "#000000", "#d55e00", "#56b4e9", "#7b3f00"
AMBER, BLUE, GREEN, PINK, SLATE = "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#37474f"
GREY, PALE = "#607d8b", "#b0bec5"
"""Of what is only compared with, and of frames."""

COLORS = (BLUE, VERMILION, GREEN, PINK, SKY, AMBER, SLATE)
"""One a line, in turn; :data:`MARKERS` tells lines apart too."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

LOOKS = (
    *((BLACK, "o"), (VERMILION, "s"), (SKY, "<"), (BROWN, "X")),
    *((AMBER, "D"), (BLUE, "^"), (GREEN, "v"), (PINK, "P")),
)
"""One an arm of a study; names stand next to the lines."""

# Pixels of a prediction: light, middle and dark. What no image decides is hatched, in the colour of what it counts as.
RIGHT: Final[Rgb] = (176, 190, 197)
MISSED: Final[Rgb] = (213, 94, 0)
INVENTED: Final[Rgb] = (86, 20, 140)
UNKNOWABLE: Final[Rgb] = (84, 110, 122)
PAPER: Final[Rgb] = (255, 255, 255)
INK: Final[Rgb] = (28, 35, 39)

SCALE: Final[tuple[Rgb, ...]] = (
    *((255, 255, 255), (206, 230, 245), (158, 205, 233), (114, 179, 217), (73, 153, 196)),
    *((38, 126, 170), (8, 100, 139), (2, 74, 105), (9, 50, 70)),
)
"""Probability of rectangle, from 0 to 1, of masks and models alike: one hue, its lightness falls in equal steps (OKLab)."""


def shade(probability: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Returns probabilities, 0 to 1, or a mask, as colours of :data:`SCALE`: uint8 (..., 3); NaN is white."""
    places = np.linspace(0, 1, len(SCALE))
    known = np.nan_to_num(np.asarray(probability, np.float64))
    return np.rint(np.stack([np.interp(known, places, channel) for channel in np.array(SCALE).T], axis=-1)).astype(np.uint8)


def css(color: Rgb) -> str:
    """Returns a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def numbers(values: Iterable[float | None]) -> NDArray[np.float64]:
    """Returns scores as float64 (N,); one that is undefined is NaN, which no chart draws."""
    return np.array(list(values), np.float64)


def chart(columns: int, height: float = 3.4, width: float = 9.4) -> tuple[Figure, list[Axes]]:
    """Returns a figure of charts side by side, and their axes; height and width in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    figure.get_layout_engine().set(wspace=0.06)  # type: ignore[union-attr,call-arg]  # of the engine that was asked for
    axes = list(figure.subplots(1, columns, squeeze=False).flat)
    for ax in axes:
        quiet(ax)
    return figure, axes


def enlarge_text(figure: Figure, factor: float = 1.6) -> Figure:
    """Returns the figure with all its text so many times as large, for a slide that is read from far away."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_fontsize(factor * float(text.get_fontsize()))
    return figure


def quiet(ax: Axes, lines: str = "y") -> None:
    """Leaves of a frame what is needed, and draws faint lines across ``x``, ``y`` or ``both`` axes, below all else."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis=lines, alpha=0.3)  # type: ignore[arg-type]  # one of the three
    ax.set_axisbelow(True)
