"""Feeds damaged files of every kind to their readers and to the commands that take them, and counts what must not be.

    python tests/reliability/fuzz.py                                 # or: make fuzz; 5,000 and 100 a kind
    python tests/reliability/fuzz.py --kind metadata --case 137      # one case again; says where its inputs lie

A case is a number. Its damage follows from kind, number and seed, and so do the reader and the command that it goes to, in
turn. It runs in a process forked from one that has imported everything, with 4 GiB of addresses. Faults are: a bug (exit 70,
or an exception that no command would take for an error of its user), any other exit that is not documented, more than 10 s,
more than 1 GiB, and anything touched outside the working folder.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir
from itertools import product
from pathlib import Path

from fuzz_cases import FAULTS, Outcome, run_case, survey
from fuzz_kinds import KINDS
from fuzz_whole import make_whole
from tqdm import tqdm

MANY = max(len(kind.commands) for kind in KINDS.values())  # every command has its turn
CHUNKS = {"command": 5, "reader": 100}  # cases that a worker takes at a time


def _forked(work: Callable[[], object]) -> None:
    """Runs something in a process of its own, so that this one stays without threads."""
    if (child := os.fork()) == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("the whole inputs cannot be made")


def make_all(whole: Path) -> None:
    """Makes whole inputs of every kind in a new folder."""
    whole.mkdir()
    with chdir(whole):
        make_whole()


def main() -> int:
    """Runs all cases, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, action="append", help="this kind only; may be given again")
    parser.add_argument("--case", type=int, help="this case only, and keep its folder")
    parser.add_argument("--readers", type=int, default=5000, help="cases a kind for readers")
    parser.add_argument("--commands", type=int, default=100, help="cases a kind for commands")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    kinds = options.kind or list(KINDS)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    _forked(lambda: make_all(folder / "whole"))
    if options.case is not None:
        for kind, mode in product(kinds, ("reader", "command")):
            _replay(folder, kind, mode, options.case, options.seed)
        return 0
    jobs = []
    if options.commands >= MANY:  # then also: is each command typed well?
        jobs = [(folder / "whole", kind, "whole", range(len(KINDS[kind].commands)), options.seed) for kind in kinds]
    for mode, cases in (("command", options.commands), ("reader", options.readers)):
        for kind, first in product(kinds, range(0, cases, CHUNKS[mode])):
            some = range(first, min(first + CHUNKS[mode], cases))
            jobs.append((folder / "whole", kind, mode, some, options.seed))
    outcomes: list[Outcome] = []
    total = sum(len(job[3]) for job in jobs)
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(options.workers, fork) as workers, tqdm(total=total, disable=None) as bar:
        for some in workers.map(survey, jobs):
            outcomes += some
            bar.update(len(some))
    shutil.rmtree(folder)
    return _report(kinds, outcomes)


def _replay(folder: Path, kind: str, mode: str, case: int, seed: int) -> None:
    place = folder / f"{mode} {case}"

    def run() -> None:
        terminal = os.fdopen(os.dup(1), "w")
        outcome = run_case(folder / "whole", kind, mode, case, seed, place)
        print(outcome, file=terminal)
        print(place.joinpath("said").read_text(errors="replace"), file=terminal, flush=True)

    _forked(run)
    print(f"its inputs, or what is left of them: {place}/work\n", flush=True)


def _report(kinds: list[str], outcomes: list[Outcome]) -> int:
    print(f"{'kind':<18}{'runs':>7}" + "".join(f"{name:>9}" for name in FAULTS))
    for kind in kinds:
        faults = Counter(fault for outcome in outcomes if outcome.kind == kind for fault in outcome.faults)
        runs = sum(outcome.kind == kind for outcome in outcomes)
        print(f"{kind:<18}{runs:>7}" + "".join(f"{faults[name]:>9}" for name in FAULTS))
    first: dict[tuple[object, ...], Outcome] = {}
    for outcome in sorted(outcomes, key=lambda each: each.case):
        if outcome.faults:
            first.setdefault((outcome.kind, *outcome.faults, outcome.place or outcome.target), outcome)
    for each in first.values():
        print(f"{each.kind} {each.case}: {each.target}: {' '.join(each.faults)} (exit {each.code}) {each.place} {each.detail}")
    return 1 if first else 0


if __name__ == "__main__":
    sys.exit(main())
