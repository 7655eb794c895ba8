"""What the benchmarks share: contestants that take turns, medians, a description of the machine, and tables.

Ratios are taken within a round, in which the contestants follow one another closely: whatever else the machine does meets all
of them.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

Rates = dict[str, list[float]]


class Contestant(NamedTuple):
    """Something that is timed.

    Attributes:
        name: In the tables.
        images: How many a round.
        work: Handles the images of these numbers.
    """

    name: str
    images: int
    work: Callable[[range], object]


class Ratio(NamedTuple):
    """How many times as fast one contestant must be as another; without another, how many images a second.

    Attributes:
        name: In the tables.
        one: The contestant that is measured.
        other: What it is measured by.
        target: The least that is good.
    """

    name: str
    one: str
    other: str | None
    target: float


def race(contestants: Sequence[Contestant], rounds: int, between: Callable[[], object] = lambda: None) -> Rates:
    """Lets contestants take turns, after one round of warm-up.

    Args:
        contestants: In the order in which they take turns.
        rounds: 1 or more, after the warm-up.
        between: Called after each turn, off the clock: nobody pays for what another has left to be written to disk.

    Returns:
        The images a second of each round, by contestant.
    """
    rates: Rates = {contestant.name: [] for contestant in contestants}
    for number in range(rounds + 1):
        for name, images, work in contestants:
            started = time.perf_counter()
            work(range(number * images, (number + 1) * images))
            seconds = time.perf_counter() - started
            if number > 0:
                rates[name].append(images / seconds)
            between()
    return rates


def judge(ratio: Ratio, rates: Rates) -> dict[str, Any]:
    """Compares two contestants round by round; a target is met by the median."""
    others = rates[ratio.other] if ratio.other else [1.0] * len(rates[ratio.one])
    measured = spread([one / other for one, other in zip(rates[ratio.one], others, strict=True)])
    return {"name": ratio.name, **measured, "target": ratio.target, "met": measured["median"] >= ratio.target}


def spread(values: Sequence[float]) -> dict[str, float]:
    """Returns median, least and most."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def machine(packages: Sequence[str]) -> dict[str, Any]:
    """Returns processor, cores, system and versions; a package that is not installed has version None."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
    facts = {"processor": model, "cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()}
    return facts | {package: _installed(package) for package in packages}


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Returns a Markdown table; numbers are rounded to what people read."""
    lines = [head, ["---"] * len(head), *([_readable(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _readable(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return str(value)


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
