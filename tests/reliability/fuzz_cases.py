"""One case of the fuzzer: laid down in a folder of its own with a canary beside it, run in a forked process, and judged."""

from __future__ import annotations

import faulthandler
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import chdir, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import NoReturn

import torch
from fuzz_kinds import KINDS, damage

import shapeseg.reporting.report  # these are imported once, and not by every case
import shapeseg.workflows.evaluate
import shapeseg.workflows.predict
import shapeseg.workflows.train  # noqa: F401
from shapeseg.__main__ import main
from shapeseg.errors import ShapesegError, is_out_of_memory

ADDRESSES, MEMORY, SECONDS, HANG = 4 * 2**30, 2**30, 10, 15
DOCUMENTED, WELL = range(9), (0, 1)  # exit codes; 1 says that something was found
FAULTS = ("bug", "exit", "slow", "memory", "touched")
# A canary's files: links lead to the first, and where it stands in for a folder of images, some have their names. The others
# have names that only a hostile path gives, so that nobody may even read them.
_VICTIMS = ("victim", *(f"victim.{kind}" for kind in ("json", "jsonl", "csv", "txt", "keras")), "000003.png", "000010.png")
_LINE = re.compile(r'shapeseg/([a-z_/]+\.py)", line (\d+)')
_SECRETS = ("secret", "secret.png", "secret.h5")


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        kind: Of the file that was damaged.
        case: Its number.
        target: The reader or command.
        code: Its exit code, or what a command would have made of what the reader raised; negative for a signal.
        faults: What must not be; see ``FAULTS``.
        place: For a bug, the exception and the line of ours that it came through last.
        detail: And its words.
    """

    kind: str
    case: int
    target: str
    code: int
    faults: list[str]
    place: str = ""
    detail: str = ""


def make_place(whole: Path, kind: str, place: Path) -> None:
    """Lays whole inputs down in ``place``, in ``work``, and beside them a canary."""
    canary, work = place / "canary", place / "work"
    (canary / "folder").mkdir(parents=True)
    for name in (*_VICTIMS, *_SECRETS):
        (canary / name).write_text(f"mine: {name}\n")
    for name in _SECRETS:
        os.utime(canary / name, ns=(0, 10**18))  # to have been read would show
    for part in KINDS[kind].parts:
        (shutil.copytree if (whole / part).is_dir() else shutil.copy)(whole / part, work / part)


def snapshot(place: Path, kind: str) -> dict[str, tuple[object, ...]]:
    """Returns all that can be seen of what nobody may touch."""
    seen: dict[str, tuple[object, ...]] = {}
    for path in [place / "canary", *sorted((place / "canary").rglob("*"))]:
        state = path.lstat()
        content: object = path.read_bytes() if path.name in _VICTIMS else None
        if path.name in _SECRETS and not kind.startswith("config"):  # there, a person names what is read
            content = state.st_atime_ns
        seen[str(path)] = (state.st_mode, state.st_ino, state.st_size, state.st_mtime_ns, content)
    for path in (place / "work").rglob("inside"):  # of a folder that stands where one of ours might
        seen[str(path)] = (path.lstat().st_ino,)
    return seen | {"beside": tuple(sorted(path.name for path in place.iterdir()))}


def run_case(whole: Path, kind: str, mode: str, case: int, seed: int, place: Path) -> Outcome:
    """Runs one case in this process, whose standard streams it takes; in mode ``whole`` nothing is damaged."""
    make_place(whole, kind, place)
    if mode != "whole":
        with chdir(place / "work"):
            damage(KINDS[kind], Random(f"{seed} {kind} {case}"))
    target = _target(kind, mode, case)
    said = os.open(place / "said", os.O_RDWR | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    faulthandler.dump_traceback_later(SECONDS, file=said)  # says where it hangs
    before, started = snapshot(place, kind), time.monotonic()
    with chdir(place / "work"):
        code, traced = _exit(partial(_read if mode == "reader" else _command, kind, target))
    seconds, memory = time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    faulthandler.cancel_dump_traceback_later()
    os.close(said)
    if code == 70:
        traced = traced or _said(place)
    faults = {
        "bug": code == 70,
        "exit": code != 70 and code not in (WELL if mode == "whole" else DOCUMENTED),
        "slow": seconds > SECONDS,
        "memory": memory > MEMORY,
        "touched": snapshot(place, kind) != before,
    }
    return Outcome(kind, case, target, code, [name for name, there in faults.items() if there], *_origin(traced))


def _said(place: Path) -> str:
    path = place / "said"
    return path.read_text(errors="replace") if path.exists() else ""


def _target(kind: str, mode: str, case: int) -> str:
    targets = list(KINDS[kind].readers if mode == "reader" else KINDS[kind].commands)
    return targets[case % len(targets)]


def _read(kind: str, reader: str) -> int:
    KINDS[kind].readers[reader]()
    return 0


def _command(_kind: str, words: str) -> int:
    try:
        return main([*words.split(), "--debug"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _exit(target: Callable[[], int]) -> tuple[int, str]:
    """Returns the exit code that a command would end with, and the traceback of what escaped."""
    try:
        return target(), ""
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else bool(end.code), ""
    except ShapesegError as error:
        return error.exit_code, ""
    except OSError:
        return 4, ""
    except BaseException as error:
        return (8, "") if is_out_of_memory(error) else (70, "".join(traceback.format_exception(error)))


def _origin(traced: str) -> tuple[str, str]:
    """Returns of a traceback the exception with the last line of ours, and the exception's words."""
    lines = _LINE.findall(traced)
    raised = re.findall(r"^([A-Za-z_.]+(?:Error|Exception|Warning|Exit|Interrupt|Iteration))\b:? ?(.*)", traced, re.MULTILINE)
    kind, words = raised[-1] if raised else ("", " ".join(traced[-100:].split()))
    return f"{kind} at {':'.join(lines[-1])}" if lines else kind, words[:100]


def survey(job: tuple[Path, str, str, range, int]) -> list[Outcome]:
    """Runs cases in processes forked for them; a new one goes on where one died, hung or grew."""
    whole, kind, mode, cases, seed = job
    outcomes: list[Outcome] = []
    while len(outcomes) < len(cases):
        with tempfile.TemporaryDirectory(dir=whole.parent, ignore_cleanup_errors=True) as scratch:
            outcomes += _in_child(whole, kind, mode, cases[len(outcomes) :], seed, Path(scratch))
    return outcomes


def _in_child(whole: Path, kind: str, mode: str, cases: range, seed: int, scratch: Path) -> list[Outcome]:
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        _be_child(whole, kind, mode, cases, seed, scratch, writing)
    os.close(writing)
    outcomes, ended = [], False
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while not ended and select.select([pipe], [], [], HANG)[0]:
            if line := pipe.readline():
                outcomes.append(Outcome(**json.loads(line)))
            ended = not line
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # it and all that it started
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        case = cases[len(outcomes)]
        fault, place = ("exit", "it died") if ended else ("slow", f"it was killed after {HANG} s")
        if at := _LINE.search(_said(scratch / str(case))):  # the innermost comes first
            place += f", at {':'.join(at.groups())}"
        outcomes.append(Outcome(kind, case, _target(kind, mode, case), code, [fault], place))
    return outcomes


def _be_child(whole: Path, kind: str, mode: str, cases: range, seed: int, scratch: Path, pipe: int) -> NoReturn:
    code, terminal = 1, os.fdopen(os.dup(2), "w")
    try:
        os.setsid()
        tempfile.tempdir = str(scratch)
        torch.set_num_threads(1)
        sys.modules["__main__"] = sys.modules[main.__module__]  # which worker processes of a command import, too
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
        sys.stdout, sys.stderr = (os.fdopen(number, "w", errors="backslashreplace", closefd=False) for number in (1, 2))
        for case in cases:
            outcome = run_case(whole, kind, mode, case, seed, scratch / str(case))
            os.write(pipe, json.dumps(asdict(outcome)).encode() + b"\n")
            shutil.rmtree(scratch / str(case))
            if "memory" in outcome.faults:
                break  # the next begins small
        code = 0
    except BaseException:
        traceback.print_exc(file=terminal)  # a bug of the fuzzer
        terminal.flush()
    finally:
        os._exit(code)
