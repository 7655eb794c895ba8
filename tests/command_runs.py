"""Runs the project's scripts as a user does: another process, another folder, real arguments."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS = ("generate_data.py", "train.py", "evaluate.py")
SMALL = ("--width", 64, "--height", 64, "--min-size", 8, "--max-size", 20)
HANG = 300  # seconds after which a command counts as hung
# Of jax, which compiles every operation of every model: less well is much faster, and as right.
COMPILE_QUICKLY = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


IN_TURN = """
import json, sys
from shapeseg.__main__ import main

for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    if code := main(words):
        sys.exit(code)
"""


def environment(changes):
    """Returns this process's environment with changes; None removes a variable."""
    merged = os.environ | {name: value if value is None else str(value) for name, value in changes.items()}
    return {name: value for name, value in merged.items() if value is not None}


def run_python(*arguments, cwd, **changes):
    """Runs ``python ARGUMENTS`` in ``cwd``; keywords change its environment."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment(changes),
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )


def run_script(name, *arguments, cwd, **changes):
    """Runs one of the project's scripts in ``cwd``."""
    return run_python(REPOSITORY / name, *arguments, cwd=cwd, **changes)


def run_in_turn(*commands, cwd, **changes):
    """Runs commands of shapeseg one after another in one process, so that Keras is imported once; each must succeed."""
    words = json.dumps([[str(word) for word in command] for command in commands])
    return succeed(run_python("-c", IN_TURN, words, cwd=cwd, PYTHONPATH=REPOSITORY, **changes))


def succeed(result):
    """Returns the result of a command that must have succeeded."""
    assert result.returncode == 0, f"{result.args}\n{result.stdout}\n{result.stderr}"
    return result


def error_line(stderr):
    """Returns the one line that a command which failed wrote to stderr."""
    assert stderr.endswith("\n"), stderr
    (line,) = stderr.splitlines()
    assert line.startswith("error: "), line
    return line


def table_of(path):
    """Returns the rows of a CSV file as dictionaries."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def rows_of(folder):
    """Returns the metadata rows of a dataset, as its file says them."""
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_bytes().splitlines()]


def digest(path):
    """Returns the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def folder_names(folder: Path):
    """Returns every name in a folder, hidden ones too."""
    return {path.name for path in folder.iterdir()}


def _processes():
    """Yields id, parent and state of every process (Linux)."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        yield int(path.parent.name), int(parent), state


def descendants(process):
    """Returns the ids of all processes below one (Linux)."""
    children = {}
    for child, parent, _ in _processes():
        children.setdefault(parent, []).append(child)
    found = list(children.get(process, []))
    for child in found:
        found += children.get(child, [])
    return found


def running(processes):
    """Returns those of some processes that have not ended (Linux)."""
    return sorted(process for process, _, state in _processes() if state not in "ZX" and process in processes)


def command_line(process):
    """Returns the command line of a process, empty when it has ended (Linux)."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
