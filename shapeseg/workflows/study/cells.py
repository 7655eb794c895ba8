"""The cells of a study: one training each, in a process of its own, that is never done twice."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shapeseg.datasets import Dataset
from shapeseg.datasets.samples import encode_row
from shapeseg.errors import ResourcesError, ShapesegError
from shapeseg.folders import refuse_links
from shapeseg.scenes import GENERATOR_VERSION
from shapeseg.settings import flags_of, options_to_dict
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.provenance import versions

_PAUSE = 0.2  # seconds between looks at what runs


@dataclass(frozen=True)
class Cell:
    """One arm with one seed.

    Attributes:
        name: For people.
        run: Its run folder, named by a digest of all that its training depends on.
        arguments: Arguments of ``shapeseg train``.
    """

    name: str
    run: RunFolder
    arguments: tuple[str, ...]


def make_cell(root: Path, arm: str, seed: int, options: TrainOptions) -> Cell:
    """Returns the cell of a training; nothing is started yet.

    Args:
        root: Folder of all cells.
        arm: Its name.
        seed: 0, 1 ...; added to the training's own.
        options: Options of the training; its datasets exist, and ``out`` is not used.
    """
    training = replace(options.training, seed=(options.training.seed + seed) % 2**64)
    settings = options_to_dict(replace(options, out=None, training=training))
    train = Dataset(settings.pop("data")).split("train")
    val = Dataset(settings.pop("val_data") or options.data).split("val")
    depends_on = {
        "train": rows_digest(train.first(options.train_images or len(train))),
        "val": rows_digest(val),
        "settings": settings,
        "generator": GENERATOR_VERSION,
        "versions": versions(),
    }
    digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:12]
    run = RunFolder(root / f"{arm}-{seed}-{digest}")
    flags = settings | {"data": options.data, "val_data": options.val_data, "out": run.root}
    return Cell(f"{arm}, seed {seed}", run, tuple(flags_of(flags)))


def rows_digest(data: Dataset) -> str:
    """Returns the SHA-256 of what is in a dataset, or in the part of it that counts, files included."""
    return hashlib.sha256(b"".join(map(encode_row, data.rows))).hexdigest()


def train_cells(cells: Sequence[Cell], jobs: int, lock: int, progress: Callable[[int], object]) -> None:
    """Trains every cell that is not finished, so many at a time, each with one thread.

    Args:
        cells: To train; what a kill left of one is removed, and it begins again.
        jobs: How many at a time.
        lock: Descriptor of a lock that the trainings hold too, should this process be killed before them.
        progress: Called with the number of cells done since the last call.

    Raises:
        ShapesegError: If one fails; the others are stopped.
    """
    waiting = [cell for cell in cells if not cell.run.is_finished()]
    progress(len(cells) - len(waiting))
    running: list[tuple[Cell, subprocess.Popen[str]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                cell = waiting.pop(0)
                running.append((cell, _start(cell, lock)))
            ended = [each for each in running if each[1].poll() is not None]
            for each in ended:
                running.remove(each)
                _check(*each)
                progress(1)
            if not ended:
                time.sleep(_PAUSE)
    finally:
        for _, process in running:
            process.terminate()
        for _, process in running:
            process.communicate()


def _start(cell: Cell, lock: int) -> subprocess.Popen[str]:
    refuse_links(cell.run.root.parent, [cell.run.root.name])
    cell.run.remove()
    return subprocess.Popen(
        [sys.executable, "-m", "shapeseg", "train", *cell.arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=(lock,),
    )


def _check(cell: Cell, process: subprocess.Popen[str]) -> None:
    """Raises the error that a training ended with, if it did."""
    lines = process.communicate()[1].strip().splitlines()
    if process.returncode:
        kinds = {kind.exit_code: kind for kind in ShapesegError.__subclasses__()}
        raise kinds.get(process.returncode, ResourcesError)(
            f"the training of {cell.name} failed",
            received=lines[-1].rstrip(".") if lines else f"exit code {process.returncode}",
            fix="Fix that and run the study again; finished trainings are kept",
        )
