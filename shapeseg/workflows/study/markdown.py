"""Means over seeds, and differences that stand or do not, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapeseg.workflows.study.record import Difference, Mean

MARK = "(?)"
"""Behind a difference that does not stand."""


def quick_note(quick: bool) -> str:
    """Returns what a page begins with whose study was quick; of any other, nothing."""
    return "**A quick run: these numbers mean little.** " if quick else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))


def mean_text(found: Mean, digits: int = 4) -> str:
    """Returns a mean and its interval, if it has one."""
    if found["value"] is None:
        return "-"
    interval = f" [{found['interval'][0]:.{digits}f}, {found['interval'][1]:.{digits}f}]" if found["interval"] else ""
    return f"{found['value']:.{digits}f}{interval}"


def short_text(found: Mean) -> str:
    """Returns a mean alone."""
    return seeds_text([found["value"]], 4)


def difference_text(found: Difference) -> str:
    """Returns a difference with its sign and its interval, marked unless it stands."""
    if found["value"] is None:
        return "-"
    interval = " [{:+.4f}, {:+.4f}]".format(*found["interval"]) if found["interval"] else ""
    return f"{found['value']:+.4f}{interval}" + ("" if found["stands"] else f" {MARK}")


def seeds_text(values: Iterable[float | None], digits: int) -> str:
    """Returns the values of the seeds."""
    return ", ".join("-" if value is None else f"{value:.{digits}f}" for value in values)


def count_text(value: float) -> str:
    """Returns a count an image."""
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"
