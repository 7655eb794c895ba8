"""A run is a folder that explains itself; this is where its files are."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from shapeseg.errors import StorageError, UsageError


class RunFolder:
    """The files of one training run under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.model = root / "model.keras"
        self.card = root / "model.json"
        self.history = root / "history.csv"
        self.config = root / "config.json"
        self.curves = root / "curves.png"
        self.samples = root / "samples.png"

    def make(self) -> None:
        """Makes the folder.

        Raises:
            UsageError: If it holds anything.
            StorageError: If it cannot be made.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            used = any(self.root.iterdir())
        except OSError as error:
            raise StorageError(
                f"the run's folder cannot be made ({error.strerror})",
                received=self.root,
                fix="Name a place that you can write",
            ) from error
        if used:
            raise UsageError("the run's folder is in use", received=self.root, fix="Name another, or remove it first")


def next_free(parent: Path, name: str) -> Path:
    """Returns the first of ``parent/name-1``, ``parent/name-2`` ... that does not exist."""
    return next(path for number in count(1) if not (path := parent / f"{name}-{number}").exists())


def newest_model(parent: Path) -> Path | None:
    """Returns the model that was saved last under ``parent``, leaving out the reference; else the reference; else None."""
    models = sorted(parent.glob("*/model.keras"), key=lambda path: (path.parent.name != "reference", path.stat().st_mtime_ns))
    return models[-1] if models else None
