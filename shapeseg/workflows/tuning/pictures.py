"""The pictures of a search: how its trials went, and which settings mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from shapeseg.workflows.tuning.objective import Objective

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TRIAL, _BEST, _PRUNED = "#607d8b", "#d55e00", "#b0bec5"


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
        ax.plot(*zip(*stopped, strict=True), "x", color=_PRUNED, label="stopped early (its best epoch)")
    if finished:
        numbers, scores = zip(*finished, strict=True)
        ax.plot(numbers, scores, "o", color=_TRIAL, label="finished")
        ax.plot(numbers, list(accumulate(scores, objective.best)), drawstyle="steps-post", color=_BEST, label="best so far")
        ax.legend(frameon=False, loc="best")
    ax.set(xlabel="trial", ylabel=objective.words)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def importance_figure(shares: Mapping[str, float]) -> Figure:
    """Draws one bar a setting, the most important at the top; shares add up to 1."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.8 + 0.4 * len(shares)), dpi=130, layout="constrained")
    ax = figure.subplots()
    bars = ax.barh(list(shares), list(shares.values()), color=_TRIAL)
    ax.bar_label(bars, fmt="%.2f", fontsize=8, padding=3)
    ax.set(xlabel="share of what makes the best trials good")
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.spines[["top", "right"]].set_visible(False)
    return figure
