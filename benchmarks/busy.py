"""Times steps of the default training while other programs compute: torch's threads as they come, and as shapeseg sets them.

    python benchmarks/busy.py               # about 5 minutes, longer where threads get in each other's way
    python benchmarks/busy.py --quick       # 5 steps a turn instead of 50

Two processes with a model each take turns; only one of them works at a time. What else computes are loops of plain Python. A
fair share is the time of a quiet step, times how many threads want each core.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import IO

import tyro
from measuring import REPOSITORY, Options, publish

BUSY = (0, 2, 4, 8)
SIDES = {"as they come": {"GOMP_SPINCOUNT": "300000"}, "as shapeseg sets them": {}}  # that number is libgomp's own
BATCH = 4


def main(argv: Sequence[str] | None = None) -> None:
    """Measures each side beside 0, 2, 4 and 8 busy programs."""
    options = tyro.cli(Options, args=argv, description=__doc__)
    steps = options.images or (5 if options.quick else 50)
    cores = os.cpu_count() or 1
    rows = []
    with ExitStack() as running:
        workers = {name: running.enter_context(worker(**setting)) for name, setting in SIDES.items()}
        for busy in BUSY:
            with busy_programs(busy):
                seconds = {name: [] for name in SIDES}
                for _ in range(options.turns):
                    for name, each in workers.items():
                        seconds[name].append(timed(each, steps))
            found = {name: median(values) for name, values in seconds.items()}
            share = max(busy + cores, cores) / cores
            quiet = rows[0]["as they come, ms"] / 1000 if rows else found["as they come"]
            row = {"busy programs": busy} | {f"{name}, ms": 1000 * value for name, value in found.items()}
            rows.append(row | {"times a fair share": found["as shapeseg sets them"] / (quiet * share)})
    publish("busy", options, ("shapeseg", "keras", "torch"), unit="steps", more={"steps": rows})


@contextmanager
def worker(**environment: str) -> Iterator[subprocess.Popen[str]]:
    """Starts a process that has a model, and trains as many steps as it is told."""
    there = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    path = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "benchmarks")])
    there |= {"PYTHONPATH": path, "KERAS_BACKEND": "torch"} | environment
    command = [sys.executable, "-c", "import busy; busy.work()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=there) as process:
        timed(process, 3)  # the first steps build things
        yield process
        _pipe(process.stdin).close()


def timed(process: subprocess.Popen[str], steps: int) -> float:
    """Has a worker train so many steps, and returns the seconds of one."""
    stdin = _pipe(process.stdin)
    stdin.write(f"{steps}\n")
    stdin.flush()
    return float(_pipe(process.stdout).readline())


def work() -> None:
    """Trains as many steps as each line of stdin says, and prints the seconds of one."""
    from train_speed import ready_batches, ready_model

    import shapeseg  # noqa: F401  # it says how threads wait, before torch is imported

    (batch,) = ready_batches(BATCH, 1)
    model, _ = ready_model([batch])
    for line in sys.stdin:
        started = time.perf_counter()
        for _ in range(int(line)):
            model.train_on_batch(*batch)
        print((time.perf_counter() - started) / int(line), flush=True)


@contextmanager
def busy_programs(count: int) -> Iterator[None]:
    """Runs so many loops that never wait while the block runs."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe


if __name__ == "__main__":
    main()
