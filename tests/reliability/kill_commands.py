"""Kills the real commands at random moments, by ``kill -9``, and checks what they leave: the old result or the new one.

    python tests/reliability/kill_commands.py [KILLS [COMMAND ...]]             # or: make kill-test KILLS=200

Each command runs in a process forked from a server that has imported it, so that most kills meet its work and not its start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

# Read by torch when the server imports it. A forked process could use neither the threads of its parent nor its GPU.
os.environ |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}

from tqdm import tqdm
from writing_commands import COMMANDS, MATERIAL, Command

from shapeseg.__main__ import main

# What commands import when they are at work.
IMPORTED = (
    *(f"shapeseg.commands.{words.split()[0]}" for words in [*MATERIAL, *(command.words for command in COMMANDS.values())]),
    "shapeseg.datasets.statistics",
    "shapeseg.inference.opened_model",
    "shapeseg.reporting.statistics_picture",
    "shapeseg.training.fit",
    "shapeseg.workflows.evaluation_files",
    "shapeseg.workflows.export",
    "shapeseg.workflows.predict",
    "shapeseg.workflows.provenance",
    "shapeseg.workflows.train_report",
    "matplotlib.backends.backend_agg",
    "onnxscript",
    "onnxruntime",
    "torch.export",
    "kill_commands",
    "pytest",  # which tests/reliability/test_kills.py begins with, as each process does then
)

# Files of other people, among them some that look like temporary ones: they stay as they are.
FOREIGN = ("notes.txt", ".out.1-2.shapeseg-tmp/precious", ".metadata.0123456789abcdef.shapeseg-tmp.jsonl")


@dataclass
class Tally:
    """What came of the kills of one command.

    Attributes:
        kills: Runs that ended by a kill.
        old: Of these, those that left the old result, or none that counts where there was none.
        new: Of these, those that left the new one.
        finished: Runs that ended well before their kill.
        lost: Runs that said that they were done, and the new result is not there.
        torn: Runs that left neither the old result nor the new one.
        stuck: Runs after which the same command did not end in the new one.
        foreign: Runs in which something changed that was there before and is not the command's.
        leftovers: Runs after which the same command left something that an uninterrupted one does not.
        told: What was wrong, in a line each.
    """

    kills: int = 0
    old: int = 0
    new: int = 0
    finished: int = 0
    lost: int = 0
    torn: int = 0
    stuck: int = 0
    foreign: int = 0
    leftovers: int = 0
    told: list[str] = field(default_factory=list)

    def fault(self, name: str, what: object) -> None:
        """Counts a fault, and keeps what is to be said of it."""
        setattr(self, name, getattr(self, name) + 1)
        self.told.append(f"{name}: {str(what)[:300]}")


@dataclass(frozen=True)
class Known:
    """A command without a kill.

    Attributes:
        seconds: That it takes.
        before: The state that it finds.
        wanted: The state that it leaves.
        names: Of all files before or after.
        foreign: Files that it must not change, with their content.
    """

    seconds: float
    before: Any
    wanted: Any
    names: frozenset[str]
    foreign: dict[str, bytes]


class Killer:
    """Runs commands in a folder of their own, and kills them.

    Args:
        folder: Where everything is made.
        seed: Of the moments of the kills.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.material, self.place = folder / "material", folder / "place"
        self.random = random.Random(seed)
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(list(IMPORTED))
        self.material.mkdir()
        for words in MATERIAL:
            self._run_well(self.material, words)

    def kill(self, name: str, kills: int, progress: bool = False) -> Tally:
        """Kills one command so many times, each time in a fresh copy of what it works on."""
        command = COMMANDS[name]
        known, tally = self._whole_run(command), Tally()
        with tqdm(total=kills, desc=name, disable=not progress) as bar:
            while tally.kills < kills:
                self._prepare(command)
                code = self._run(self.place, command.words, self.random.uniform(0, 1.1 * known.seconds))
                if code not in (0, -signal.SIGKILL):
                    raise RuntimeError(f"the command ended by itself with {code}: {command.words}")
                self._judge(tally, command, known, killed=code != 0)
                bar.update(tally.kills - bar.n)
        return tally

    def _judge(self, tally: Tally, command: Command, known: Known, *, killed: bool) -> None:
        found = command.state(self.place / command.result)
        tally.kills += killed
        tally.finished += not killed
        tally.old += killed and found == known.before
        tally.new += killed and found == known.wanted
        if not killed and found != known.wanted:
            tally.fault("lost", found)
        if found not in (known.before, known.wanted):
            tally.fault("torn", found)
        changed = self._changed(known)
        if killed and (command.repeatable or found != known.wanted):
            codes = self._run_again(command)
            after = command.state(self.place / command.result)
            if after != known.wanted:
                tally.fault("stuck", f"{codes}: {after}")
            if left := _files(self.place).keys() - known.names:
                tally.fault("leftovers", sorted(left))
            changed += self._changed(known)
        if changed:
            tally.fault("foreign", changed)

    def _run_again(self, command: Command) -> list[int]:
        codes = []
        for flags in command.again:
            codes.append(self._run(self.place, f"{command.words} {flags}"))
            if codes[-1] not in (2, 3):
                break
        return codes

    def _changed(self, known: Known) -> list[str]:
        now = _files(self.place)
        return [name for name, content in known.foreign.items() if now.get(name) != content]

    def _whole_run(self, command: Command) -> Known:
        self._prepare(command)
        before, files = command.state(self.place / command.result), _files(self.place)
        started = time.monotonic()
        self._run_well(self.place, command.words)
        seconds = time.monotonic() - started
        wanted = command.state(self.place / command.result)
        if wanted is None or isinstance(wanted, str):
            raise RuntimeError(f"no result of {command.words} can be seen: {wanted}")
        return Known(
            seconds,
            before,
            wanted,
            names=frozenset(files.keys() | _files(self.place).keys()),
            foreign={
                name: content
                for name, content in files.items()
                if name.endswith(FOREIGN) or not any(fnmatch(name, pattern) for pattern in command.changes)
            },
        )

    def _prepare(self, command: Command) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        for name in {word.split("/")[0] for word in command.words.split()} & {path.name for path in self.material.iterdir()}:
            copy = shutil.copytree if (self.material / name).is_dir() else shutil.copy
            copy(self.material / name, self.place / name)
        for guest in command.guests:
            for name in FOREIGN:
                path = self.place / guest / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("precious")
        for name in ("canary", "canary.png"):
            (self.place / f".{command.result}.3-4.shapeseg-tmp{name.removeprefix('canary')}").symlink_to(name)
        (self.place / "canary").mkdir()
        for path in (self.place / "canary/precious", self.place / "canary.png"):
            path.write_text("precious")

    def _run_well(self, place: Path, words: str) -> None:
        if self._run(place, words):
            raise RuntimeError(f"the command fails without a kill, too: {words}")

    def _run(self, place: Path, words: str, seconds: float | None = None) -> int:
        process = self.processes.Process(target=_command, args=(str(place), words.split()))
        process.start()
        process.join(seconds)
        if seconds is not None:
            process.kill()
            process.join()
        return process.exitcode


def _files(folder: Path) -> dict[str, bytes]:
    """Returns the content of every file, or where it leads, by its path."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = bytes(path.readlink())
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def _command(place: str, words: list[str]) -> None:
    os.chdir(place)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        raise SystemExit(main(words))


def _table(tallies: dict[str, Tally]) -> str:
    names = [column.name for column in fields(Tally) if column.name != "told"]
    cells = [["command", *names]]
    cells += [[command, *(str(getattr(tally, name)) for name in names)] for command, tally in tallies.items()]
    return "\n".join(f"{first:<14}" + "".join(f"{cell:>10}" for cell in rest) for first, *rest in cells)


if __name__ == "__main__":
    each, *named = sys.argv[1:] or ["200"]
    with tempfile.TemporaryDirectory() as temporary:
        killer = Killer(Path(temporary), seed=time.time_ns())
        tallies = {
            name: killer.kill(name, round(int(each) * COMMANDS[name].share), progress=True) for name in named or COMMANDS
        }
    print(_table(tallies))  # noqa: T201
    for name, tally in tallies.items():
        for line in tally.told:
            print(f"{name}: {line}")  # noqa: T201
    raise SystemExit(any(tally.told for tally in tallies.values()))
