"""The legend of predictions: what their colours mean, in as many lines as a figure has room for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from shapeseg.reporting.style import INVENTED, MISSED, RIGHT, SCALE, UNKNOWABLE, css
from shapeseg.reporting.texts import width_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend as Drawn

_SIZE = 8.5  # points
_AROUND = 4.8 * _SIZE / 72  # inches an entry takes next to its text: its sample, and the gap to the next


class Legend(NamedTuple):
    """What stands below a figure.

    Attributes:
        entries: Names and samples.
        columns: Entries a line.
        height: In inches.
    """

    entries: dict[str, Artist | tuple[Artist, ...]]
    columns: int
    height: float

    def draw(self, figure: Figure) -> None:
        """Draws it at the foot of a figure, which keeps so much height free."""
        from matplotlib.legend_handler import HandlerTuple

        drawn = figure.legend(
            handles=list(self.entries.values()),
            labels=list(self.entries),
            loc="lower center",
            ncols=self.columns,
            fontsize=_SIZE,
            frameon=False,
            borderaxespad=0.2,
            handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
        )
        as_written(drawn)


def as_written(legend: Drawn) -> None:
    """Takes no $ in a legend for the beginning of a formula: names of targets and runs may hold some."""
    for text in legend.get_texts():
        text.set_parse_math(False)


def error_legend(width: float, *, scale: bool = True, unknowable: bool, target: str = "rectangle") -> Legend:
    """Returns what the colours of predictions mean.

    Args:
        width: Width of the figure, in inches.
        scale: Whether it shows probabilities, or masks in their colours.
        unknowable: Whether it shows what no image decides.
        target: What people call the target.
    """
    from matplotlib.patches import Patch

    entries: dict[str, Artist | tuple[Artist, ...]] = {}
    if scale:
        named = f"probability of {target}, 0 to 1"
        fits = width_of(named, _SIZE) + _AROUND <= width
        entries[named if fits else "probability, 0 to 1"] = tuple(Patch(facecolor=css(color)) for color in SCALE)
    for name, color in ((f"{target} found", RIGHT), ("missed", MISSED), ("invented", INVENTED)):
        entries[name] = Patch(color=css(color))
    if unknowable:
        entries["cannot be known"] = Patch(facecolor="white", edgecolor=css(UNKNOWABLE), hatch="/" * 6, linewidth=0.5)
    widths = [width_of(name, _SIZE) + _AROUND for name in entries]
    columns = next((count for count in range(len(widths), 1, -1) if _in_columns(widths, count) <= width), 1)
    return Legend(entries, columns, 0.14 + 1.65 * _SIZE / 72 * -(-len(entries) // columns))


def _in_columns(widths: list[float], columns: int) -> float:
    """Returns how wide entries are in so many columns, which are filled one after another."""
    short, longer = divmod(len(widths), columns)
    starts = [place * short + min(place, longer) for place in range(columns + 1)]
    return sum(max(widths[start:end]) for start, end in pairwise(starts))
