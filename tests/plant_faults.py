"""Plants faults in copies of the package, one at a time, and asks the tests of its room whether they notice.

    python tests/plant_faults.py                    # or: make faults; all of tests/faults.py, some minutes on two cores
    python tests/plant_faults.py --only training    # the faults whose name or file holds a word

A fault is found when a test fails with it and passes without it. Exit codes: 0 all found, 1 some not, 2 the table is wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from faults import FAULTS, Fault

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = Path("shapeseg")

_AT_ONCE = 2  # faults, each in a copy of its own
_LONGEST = 120  # seconds that one test may take before it counts as failed: a fault may be an endless loop
_TESTS_FAILED = 1  # pytest's exit code; others say that tests could not be collected, or that there were none
_FAILED = re.compile(r"^FAILED (.+?)(?: - |$)", re.MULTILINE)
_KINDS_OF_TESTS = "not process and not slow and not browser and not keras_cv"


@dataclass(frozen=True)
class Outcome:
    """What became of a fault.

    Attributes:
        fault: The fault.
        seconds: How long its tests took.
        found_by: The first test that fails with it and passes without it; None when there is none.
        otherwise: What happened instead, where it was not found.
    """

    fault: Fault
    seconds: float
    found_by: str | None
    otherwise: str = ""


def main(argv: Sequence[str] | None = None) -> int:
    """Plants the faults asked for, prints a line for each, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="WORD", default="", help="only faults whose name or file holds this word")
    word = parser.parse_args(argv).only
    faults = [fault for fault in FAULTS if word in fault.breaks or word in fault.file]
    if wrong := [problem for fault in faults if (problem := why_not_plantable(fault))]:
        return _refuse(wrong[0])
    if not faults:
        return _refuse(f"no fault's name or file holds {word!r}")
    started = time.monotonic()
    missed = 0
    for outcome in plant_each(faults):
        missed += outcome.found_by is None
        _say(_line(outcome))
    _say(f"{len(faults) - missed} of {len(faults)} found in {time.monotonic() - started:.0f} s")
    return 1 if missed else 0


def why_not_plantable(fault: Fault) -> str | None:
    """Returns what is wrong with a fault, in one line; None when it can be planted."""
    path = REPOSITORY / PACKAGE / fault.file
    if not path.is_file():
        return f"there is no {PACKAGE / fault.file}, where {fault.breaks!r} is to be planted"
    if (times := path.read_text().count(fault.sound)) != 1:
        return f"the text to replace for {fault.breaks!r} stands {times} times in {PACKAGE / fault.file}: {fault.sound!r}"
    if not (REPOSITORY / "tests" / fault.tests).exists():
        return f"there is no tests/{fault.tests}, where {fault.breaks!r} is to be found"
    return None


def plant_each(faults: Sequence[Fault]) -> Iterator[Outcome]:
    """Yields what became of each fault, in their order."""
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary, ThreadPoolExecutor(_AT_ONCE) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(_AT_ONCE):
            copies.put(copy_repository(Path(temporary) / str(number)))

        def work(fault: Fault) -> Outcome:
            copy = copies.get()
            try:
                return plant(fault, copy)
            finally:
                copies.put(copy)

        yield from pool.map(work, faults)


def copy_repository(target: Path) -> Path:
    """Copies what git tracks, or would, as it is now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    for name in names.rstrip("\0").split("\0"):
        if (REPOSITORY / name).is_file():  # it may be removed, and git not know it yet
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    return target


def plant(fault: Fault, copy: Path) -> Outcome:
    """Plants one fault in a copy, runs its tests, and puts the source back."""
    started = time.monotonic()
    with _planted(fault, copy):
        code, output = _run_tests(copy, f"tests/{fault.tests}", "-m", _KINDS_OF_TESTS)
    failed = _FAILED.search(output)
    if code != _TESTS_FAILED or failed is None:
        found_by, otherwise = None, f"pytest exited with {code}"
    else:
        code, output = _run_tests(copy, failed[1])
        found_by, otherwise = (None, f"it fails without the fault, too:\n{output}") if code else (failed[1], "")
    return Outcome(fault, time.monotonic() - started, found_by, otherwise)


@contextmanager
def _planted(fault: Fault, copy: Path) -> Iterator[None]:
    path = copy / PACKAGE / fault.file
    source = path.read_text()
    path.write_text(source.replace(fault.sound, fault.faulty))
    try:
        yield
    finally:
        path.write_text(source)


def _run_tests(copy: Path, *arguments: str) -> tuple[int, str]:
    """Runs pytest in a copy until a test fails, and returns its exit code and what it printed."""
    # Without bytecode: a file that is changed and put back within a second could be taken for the other.
    changes = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    options = ("-x", "-q", "-p", "no:cacheprovider", f"--basetemp={copy}-tests", f"--timeout={_LONGEST}")
    command = [sys.executable, "-m", "pytest", *options, *arguments]
    done = subprocess.run(command, cwd=copy, env=os.environ | changes, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def _line(outcome: Outcome) -> str:
    verdict = "found    " if outcome.found_by else "NOT FOUND"
    return f"{verdict} {outcome.seconds:4.0f} s  {outcome.fault.breaks}: {outcome.found_by or outcome.otherwise}"


def _refuse(problem: str) -> int:
    sys.stderr.write(f"error: {problem}\n")
    return 2


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
