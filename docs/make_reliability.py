"""Writes docs/reliability.md: every fault of docs/faults.yaml, the tests that provoke it, and what came of them.

python docs/make_reliability.py [JUNIT_XML ...]     # or: make reliability

The results are those of the test runs whose files are named (pytest --junitxml=FILE); without any it runs the tests itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from shapeseg import files

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
HEADING = """# Reliability

What shapeseg promises, and how the tests try to break it. `make reliability` runs the tests below and writes this page.

- After any crash a dataset is either the old version or the new one; `verify` confirms it.
- Only what shapeseg wrote is deleted or overwritten, and nothing through a link below the folder that you named. Append
  and filter never change an existing sample's files; only `--purge` deletes them, after the new version has been committed.
- Whatever a command reports as done is durable: it was synced first.
- One writer at a time; readers are never blocked.
- A resumed training ends with the weights of an uninterrupted one, bit for bit (CPU, same versions, same number of threads).
- A best model is never replaced by a torn or unverified one.
- Opening a stranger's image, model or folder runs none of its code and opens no other file. All files come in through one
  door: opened once, regular, of bounded size. Unusable input ends with one line and a documented exit code.

A digest in a card proves that a model is whole, not who made it. `shapeseg.load_model` rebuilds the network from the card
and takes only arrays of the right shapes from the file. `--trust-model`, like `keras.saving.load_model(path, safe_mode=True)`,
builds what the file's own config says: Keras refuses Lambda and pickles there, but the config may still name any Keras
layer, of any size, so trust only files whose origin you know.

`make kill-test KILLS=200` kills generate, append, filter (to a copy, in place, with `--purge`), merge, twin, convert, coco,
preview, stats, predict, evaluate and train 200 times each at random moments, and export 50 times; it counts what was lost,
what changed that does not belong to the command, and what is left over after the next run. `make fuzz` feeds damaged files of
every kind to their readers, 5,000 of each, and to the commands that take them, 100 of each, with limits on memory and time.

| # | fault | tests | result |
|---:|---|---|---|
"""

Outcomes = dict[str, Counter[str]]


def faults() -> dict[int, dict[str, Any]]:
    """Reads what can go wrong, by number."""
    return yaml.safe_load((ROOT / "docs" / "faults.yaml").read_text(encoding="utf-8"))


def outcomes(results: Iterable[Path]) -> Outcomes:
    """Counts what came of each test (``tests.file.Class.test``, over its parameters) in the results of test runs."""
    found: Outcomes = {}
    for path in results:
        for case in ElementTree.parse(path).iter("testcase"):
            bad = {"failure": "failed", "error": "failed", "skipped": "skipped"}
            outcome = next((bad[part.tag] for part in case if part.tag in bad), "passed")
            name = f"{case.get('classname')}.{case.get('name', '').partition('[')[0]}"
            found.setdefault(name, Counter())[outcome] += 1
    return found


def page(found: Outcomes | None) -> str:
    """Returns the whole page; without outcomes the results are left empty."""
    return HEADING + "".join(_line(number, fault, found) for number, fault in faults().items())


def _line(number: int, fault: Mapping[str, Any], found: Outcomes | None) -> str:
    tests = fault.get("tests", [])
    result = _result(tests, found) if tests and found is not None else ""
    words = [*(f"`{test}`" for test in tests), *([fault["note"]] if "note" in fault else [])]
    return f"| {number} | {fault['fault']} | {'<br>'.join(words)} | {result} |\n"


def _result(tests: list[str], found: Outcomes) -> str:
    total: Counter[str] = Counter()
    for test in tests:
        name = "tests." + test.replace(".py", "").replace("/", ".").replace("::", ".")
        matching = [counts for each, counts in found.items() if each == name or each.startswith(f"{name}.")]
        total += sum(matching, Counter()) if matching else Counter({"not run": 1})
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(total.items()))


def _run_tests(result: Path) -> None:
    chosen = sorted({f"tests/{test}" for fault in faults().values() for test in fault.get("tests", [])})
    subprocess.run([sys.executable, "-m", "pytest", "-q", f"--junitxml={result}", *chosen], cwd=ROOT, check=False)


if __name__ == "__main__":
    named = [Path(argument) for argument in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        if not named:
            named = [Path(folder) / "results.xml"]
            _run_tests(named[0])
        files.write_text(PAGE, page(outcomes(named)))
