"""The pictures of a search: how its trials went, and which settings mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from shapeseg.reporting.stretched import stretch
from shapeseg.reporting.style import GREY, PALE, VERMILION, quiet
from shapeseg.workflows.tuning.objective import Objective

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Outcome(NamedTuple):
    """How one trial went.

    Attributes:
        number: Its place.
        score: What trials are compared by, the best seen when it was not finished; None when there is none.
        finished: Whether it ran to its end.
    """

    number: int
    score: float | None
    finished: bool


def search_figure(outcomes: Sequence[Outcome], objective: Objective) -> Figure:
    """Draws each trial's score against its number, and the best so far."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4), dpi=130, layout="constrained")
    ax = figure.subplots()
    finished = [(number, score) for number, score, done in outcomes if done and score is not None]
    stopped = [(number, score) for number, score, done in outcomes if not done and score is not None]
    if stopped:
        ax.plot(*zip(*stopped, strict=True), "x", color=PALE, label="stopped early or failed (its best epoch)")
    if finished:
        numbers, scores = zip(*finished, strict=True)
        ax.plot(numbers, scores, "o", color=GREY, label="finished")
        ax.plot(
            numbers, list(accumulate(scores, objective.best)), drawstyle="steps-post", color=VERMILION, label="best so far"
        )
    if finished or stopped:
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    if objective.column == "val_iou":
        stretch(ax, [score for _, score in (*finished, *stopped)])
    ax.set(xlabel=f"trial ({len(finished)} of {len(outcomes)} finished)", ylabel=objective.words)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    quiet(ax, "both")
    return figure


def importance_figure(shares: Mapping[str, float]) -> Figure:
    """Draws one bar a setting, the most important at the top; shares add up to 1."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.8 + 0.4 * len(shares)), dpi=130, layout="constrained")
    ax = figure.subplots()
    bars = ax.barh(list(shares), list(shares.values()), color=GREY)
    ax.bar_label(bars, fmt="%.2f", fontsize=8, padding=3)
    ax.set(xlabel="share of what makes the best trials good")
    ax.invert_yaxis()
    ax.margins(x=0.12)
    quiet(ax, "x")
    return figure
