"""A run is a folder that explains itself; this is where its files are."""

from __future__ import annotations

import csv
import json
import sys
from itertools import count
from pathlib import Path
from typing import Any

from shapeseg import files
from shapeseg.errors import InputError, UsageError, storage_errors
from shapeseg.folders import make_folder
from shapeseg.temporaries import remove_left_files
from shapeseg.training.checkpoint import Checkpoint, read_newest

# Settings that do not change what a training computes, so that a resume may change them.
_FREE = {"out", "resume", "config", "debug", "pictures_every", "max_minutes", "track"}


class RunFolder:
    """The files of one training run under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.model = root / "model.keras"
        self.card = root / "model.json"
        self.train_images = root / "train_images.txt"
        self.history = root / "history.csv"
        self.config = root / "config.json"
        self.identity = root / "checkpoints" / "run.json"
        self.curves = root / "curves.png"
        self.samples = root / "samples.png"
        self.checkpoints = root / "checkpoints"

    def make(self, identity: dict[str, Any]) -> None:
        """Makes the folder and writes the run's settings; ``identity`` adds what else a resume must not change.

        Raises:
            UsageError: If it holds anything.
            StorageError: If it cannot be made.
        """
        make_folder(self.root, "the run's folder")
        with storage_errors("the run's folder cannot be read", received=self.root):
            # A kill may have come before there was anything to resume from.
            used = self.identity.exists() or any(path != self.checkpoints for path in self.root.iterdir())
        if used:
            raise UsageError("the run's folder is in use", received=self.root, fix="Name another, remove it, or --resume it")
        make_folder(self.checkpoints)
        files.write_json(self.identity, identity)
        self._write_config(identity)

    def _write_config(self, identity: dict[str, Any]) -> None:
        files.write_json(self.config, {name: value for name, value in identity.items() if name != "data_sha256"})

    def resume(self, identity: dict[str, Any]) -> None:
        """Checks that a resume goes on with what was begun, and puts right what a kill left half done.

        Raises:
            InputError: If there is no unfinished run here.
            UsageError: If settings or data differ; the message names each difference.
        """
        begun = self._begun()
        now = json.loads(json.dumps(identity, default=str))
        differences = [
            f"{name}: begun with {old}, now {new}" for name, old, new in _differences(begun, now) if name not in _FREE
        ]
        if differences:
            raise UsageError(
                "a resume must go on with the same settings and data", received="; ".join(differences), fix="Undo the changes"
            )
        remove_left_files(self.root)
        if not self.config.exists():
            self._write_config(begun)

    def planned_epochs(self) -> int:
        """Returns the number of epochs that the unfinished run here was begun with.

        Raises:
            InputError: If there is none.
        """
        return int(self._begun()["training"]["epochs"])

    def _begun(self) -> dict[str, Any]:
        try:
            return json.loads(self.identity.read_bytes())
        except FileNotFoundError:
            raise InputError("there is no unfinished run", received=self.root, fix="Start it without --resume") from None

    def newest_checkpoint(self) -> Checkpoint | None:
        """Reads the newest checkpoint that is whole, and says which were not."""
        newest, torn = read_newest(self.checkpoints)
        for path in torn:
            print(f"warning: {path} is torn and was passed over", file=sys.stderr)  # noqa: T201
        return newest

    def is_finished(self) -> bool:
        """Whether a model is there and nothing is left to resume."""
        return self.model.exists() and not self.checkpoints.exists()


def _differences(begun: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[tuple[str, Any, Any]]:
    found = []
    for name in sorted(begun.keys() | now.keys()):
        old, new = begun.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += _differences(old, new, f"{prefix}{name}.")
        elif old != new:
            found.append((prefix + name, old, new))
    return found


def next_free(parent: Path, name: str) -> Path:
    """Returns the first of ``parent/name-1``, ``parent/name-2`` ... that does not exist."""
    return next(path for number in count(1) if not (path := parent / f"{name}-{number}").exists())


def newest_model(parent: Path) -> Path | None:
    """Returns the model that was saved last under ``parent``, leaving out the reference; else the reference; else None."""
    models = sorted(parent.glob("*/model.keras"), key=lambda path: (path.parent.name != "reference", path.stat().st_mtime_ns))
    return models[-1] if models else None


def read_train_images(model: Path) -> frozenset[str] | None:
    """Returns the digests of the images that a saved model learned from; None where its run did not keep them."""
    path = RunFolder(model.parent).train_images
    return frozenset(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else None


def read_history(path: Path) -> list[dict[str, float]]:
    """Reads ``history.csv``: for each epoch, what was logged; a value that was not is left out."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]
