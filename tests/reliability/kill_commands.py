"""Kills the real commands at random moments, by ``kill -9``, and checks what they leave: the old dataset or the new one.

    python tests/reliability/kill_commands.py [KILLS]             # or: make kill-test KILLS=200

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
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from shapeseg.__main__ import main
from shapeseg.datasets import Dataset
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import ShapesegError

SMALL = (
    "--width",
    "32",
    "--height",
    "32",
    "--min-instances",
    "2",
    "--max-instances",
    "4",
    "--min-size",
    "6",
    "--max-size",
    "14",
)
BEFORE, MORE = "24", "16"
COMMANDS = {
    "create": ["generate", "--out", "out", "--num-images", BEFORE, "--seed", "2", *SMALL],
    "append": ["append", "data", "--num-images", MORE],
    "filter": ["filter", "data", "--max-occlusion", "0.1", "--in-place"],
    "merge": ["merge", "data", "other", "--out", "out"],
}


@dataclass
class Tally:
    """What came of the kills of one command.

    Attributes:
        kills: Runs that ended by a kill.
        old: Of these, those that left the old dataset, or none where there was none.
        new: Of these, those that left the new one.
        finished: Runs that ended well before their kill.
        lost: Runs that said that they were done, and the new dataset is not there.
        torn: Runs that left neither the old dataset nor the new one, or one that does not verify.
        stuck: Runs after which the same command did not succeed.
    """

    kills: int = 0
    old: int = 0
    new: int = 0
    finished: int = 0
    lost: int = 0
    torn: int = 0
    stuck: int = 0


class Killer:
    """Runs commands in a folder of their own, and kills them.

    Args:
        folder: Where datasets are made.
        seed: Of the moments of the kills.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.processes = multiprocessing.get_context("forkserver")
        modules = [f"shapeseg.commands.{name}" for name in ("generate", "append", "filter", "merge")]
        self.processes.set_forkserver_preload([*modules, "kill_commands"])
        self._run(folder, ["generate", "--out", "data", "--num-images", BEFORE, "--seed", "2", *SMALL])
        self._run(folder, ["generate", "--out", "other", "--num-images", "8", "--seed", "9", *SMALL])

    def kill(self, name: str, kills: int, progress: bool = False) -> Tally:
        """Kills one command so many times, each time in a fresh copy of its datasets."""
        command = COMMANDS[name]
        out = "out" if "out" in command else "data"
        seconds, wanted = self._whole_run(command, out)
        tally = Tally()
        with tqdm(total=kills, desc=name, disable=not progress) as bar:
            while tally.kills < kills:
                place = self._fresh(command)
                code = self._run(place, command, self.random.uniform(0, 1.1 * seconds))
                if code not in (0, -signal.SIGKILL):
                    raise RuntimeError(f"the command ended by itself with {code}: {command}")
                self._judge(tally, place, code, command, out, wanted)
                bar.update(tally.kills - bar.n)
                shutil.rmtree(place)
        return tally

    def _judge(self, tally, place, code, command, out, wanted):
        found = rows(place / out)
        before = rows(self.folder / "data") if out == "data" else None
        tally.kills += code != 0
        tally.finished += code == 0
        tally.lost += code == 0 and found != wanted
        tally.torn += found not in (before, wanted)
        tally.old += code != 0 and found == before
        tally.new += code != 0 and found == wanted
        if found == before:
            tally.stuck += self._run(place, command) != 0 or rows(place / out) != wanted

    def _whole_run(self, command, out):
        place = self._fresh(command)
        started = time.monotonic()
        if self._run(place, command):
            raise RuntimeError(f"the command fails without a kill, too: {command}")
        seconds = time.monotonic() - started
        wanted = rows(place / out)
        shutil.rmtree(place)
        return seconds, wanted

    def _fresh(self, command):
        place = self.folder / "place"
        place.mkdir()
        for name in {"data", "other"} & set(command):
            shutil.copytree(self.folder / name, place / name)
        return place

    def _run(self, place, command, seconds=None):
        process = self.processes.Process(target=_command, args=(str(place), command))
        process.start()
        process.join(seconds)
        if seconds is not None:
            process.kill()
            process.join()
        return process.exitcode


def _command(place: str, command: list[str]) -> None:
    os.chdir(place)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        raise SystemExit(main(command))


def rows(folder: Path) -> list | str | None:
    """Returns the rows of a dataset, None if there is none, or what is wrong with it."""
    if not folder.exists():
        return None
    try:
        errors = [finding.what for finding in verify_dataset(folder) if finding.severity == "error"]
    except ShapesegError as error:
        return str(error)
    return "; ".join(errors) if errors else Dataset(folder).rows


if __name__ == "__main__":
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as temporary:
        killer = Killer(Path(temporary), seed=time.time_ns())
        tallies = {name: killer.kill(name, each, progress=True) for name in COMMANDS}
    print("command   kills    old    new  finished   lost   torn  stuck")  # noqa: T201
    for name, tally in tallies.items():
        numbers = f"{tally.kills:>6} {tally.old:>6} {tally.new:>6} {tally.finished:>9} {tally.lost:>6} {tally.torn:>6}"
        print(f"{name:<8} {numbers} {tally.stuck:>6}")  # noqa: T201
    raise SystemExit(any(tally.lost or tally.torn or tally.stuck for tally in tallies.values()))
