"""What the benchmarks share: options, contestants that take turns, medians, a description of the machine, and results.

Ratios are taken within a round, in which the contestants follow one another closely: whatever else the machine does meets all
of them.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

Rates = dict[str, list[float]]
Row = dict[str, Any]
REPOSITORY = Path(__file__).resolve().parents[1]
REFERENCE = REPOSITORY / "saved_models/reference/model.keras"
RESULTS = Path(__file__).with_name("results")
QUICK = "**A quick run: these numbers mean little.** "


@dataclass(frozen=True)
class Options:
    """What to run."""

    quick: bool = False
    """A shorter run, for a first look."""
    rounds: int | None = None
    """Rounds after the warm-up; by default 5, and 2 when quick."""
    images: int | None = None
    """Images of every measurement; a handful only checks that the benchmark itself works."""
    out: Path | None = None
    """Folder for the results, .json and .md files; by default results/full beside the benchmarks, or results/quick."""

    @property
    def turns(self) -> int:
        """Rounds after the warm-up."""
        return self.rounds or (2 if self.quick else 5)

    @property
    def folder(self) -> Path:
        """Where results go."""
        return self.out or RESULTS / ("quick" if self.quick else "full")


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


def run(script: str, *arguments: object, **environment: str) -> str:
    """Runs a script of the project in a process of its own and returns what it printed."""
    path = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, str(REPOSITORY / script), *map(str, arguments)]
    there = os.environ | {"PYTHONPATH": path} | environment
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=there).stdout


def fix_threads(threads: int) -> None:
    """Sets the threads of every library, here and in child processes; must come before they are imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ[name] = str(threads)


def publish(
    name: str,
    options: Options,
    packages: Sequence[str],
    *,
    rates: Rates | None = None,
    unit: str = "images",
    ratios: Sequence[Ratio] = (),
    more: Mapping[str, Sequence[Row]] | None = None,
) -> None:
    """Prints the tables and writes them, as ``NAME.md`` and ``NAME.json``.

    Args:
        name: Of the benchmark.
        options: What was run, and where results go.
        packages: Whose versions matter.
        rates: As of :func:`race`.
        unit: Of what there are so many a second.
        ratios: Those are left out of which a contestant did not run.
        more: Further tables by name, each a list of rows with the same keys.
    """
    rates = rates or {}
    result: dict[str, Any] = {
        "command": shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "quick": options.quick,
        "machine": machine(packages),
        "rounds": options.turns,
        "unit": unit,
        "a_second": {contestant: spread(values) for contestant, values in rates.items()},
        "ratios": [judge(ratio, rates) for ratio in ratios if {ratio.one, ratio.other} - {None} <= rates.keys()],
        **(more or {}),
    }
    report = markdown(result, list(more or {}))
    print(report)
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / f"{name}.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n")
    (options.folder / f"{name}.md").write_text(report)


def markdown(result: Mapping[str, Any], more: Sequence[str]) -> str:
    """Returns a result as tables for people."""
    facts = ", ".join(f"{name} {value}" for name, value in result["machine"].items() if value is not None)
    speeds = [{f"{result['unit']} a second": name} | values for name, values in result["a_second"].items()]
    ratios = [{"ratio" if key == "name" else key: value for key, value in row.items()} for row in result["ratios"]]
    tables = [table(rows) for rows in (speeds, ratios, *(result[name] for name in more)) if rows]
    quick = QUICK if result.get("quick") else ""
    head = f"{quick}`{result['command']}`, {result['date']}, {_times(result['rounds'], 'round')}. {facts}.\n"
    return "\n".join([head, *tables])


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
    facts = {"processor": model, "cores": os.cpu_count(), "threads": os.environ.get("OMP_NUM_THREADS")}
    facts |= {"system": platform.system(), "python": platform.python_version()}
    return facts | {package: _installed(package) for package in packages}


def table(rows: Sequence[Row]) -> str:
    """Returns a Markdown table of rows with the same keys; numbers are rounded to what people read."""
    head = [name.replace("_", " ") for name in rows[0]]
    lines = [head, ["---"] * len(head), *([_readable(value) for value in row.values()] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _times(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _readable(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
