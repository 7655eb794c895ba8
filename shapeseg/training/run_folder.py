"""A run is a folder that explains itself; this is where its files are."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from shapeseg import files
from shapeseg.description import Description
from shapeseg.earlier_settings import as_today
from shapeseg.errors import InputError, UsageError, storage_errors
from shapeseg.folders import LOCK, make_folder, refuse_links, whole_path
from shapeseg.incoming import MAX_TEXT, parse_json, read_file
from shapeseg.settings import options_to_dict, settings_from_dict, without_call
from shapeseg.temporaries import leftovers, remove_left_files
from shapeseg.training.checkpoint import MONITOR, START_AGAIN, Checkpoint, read_newest
from shapeseg.training.settings import TrainingSettings

# Settings that do not change what a training computes, so that a resume may change them.
_FREE = {"out", "resume", "pictures_every", "max_minutes", "track"}
_LATER = {"own": options_to_dict(Description()), "training": {"crop": None, "resize": None}}
_MAX_IMAGES = 2**28  # bytes of train_images.txt: four million images
_IMAGE = re.compile(r"[0-9a-f]{64}|fresh scenes of seed [0-9]+, indices from [0-9]+: no dataset holds any of them")
_CHECKPOINTS = ("run.json", "epoch-*.npz", LOCK)


class RunFolder:
    """The files of one training run under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.model = root / "model.keras"
        self.card = root / "model.json"
        self.train_images = root / "train_images.txt"
        self.splits = root / "splits.csv"  # of the user's own images
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
            InputError: If its checkpoints are a link.
            StorageError: If it cannot be made.
        """
        make_folder(self.root, "the run's folder")
        refuse_links(self.root, ["checkpoints"])
        with storage_errors("the run's folder cannot be read", received=self.root):
            # A kill may have come before there was anything to resume from.
            beginnings = (self.checkpoints, self.checkpoints / LOCK, *_left_behind(self.checkpoints))
            used = any(path not in beginnings for path in self.root.rglob("*"))
        if used:
            raise UsageError("the run's folder is in use", received=self.root, fix="Name another, remove it, or --resume it")
        make_folder(self.checkpoints)
        files.write_json(self.identity, identity)
        self._write_config(identity)

    def _write_config(self, identity: dict[str, Any]) -> None:
        files.write_json(self.config, {name: value for name, value in identity.items() if name != "data_sha256"})

    def resume(self, identity: dict[str, Any]) -> None:
        """Checks that a resume continues what was begun, and repairs what a kill left half done.

        Raises:
            InputError: If there is no unfinished run here, or ``run.json`` is not of a run.
            UsageError: If settings or data differ; the message names each difference.
        """
        refuse_links(self.root, ["checkpoints"])
        now = json.loads(json.dumps(identity, default=str))
        begun = _with_later(without_call(self._begun()), now, _LATER)  # of how it was called runs of 0.1.0 hold something
        if begun.keys() != now.keys() or not all(_alike(begun[name], now[name]) for name in now):
            raise _no_settings(self.identity, "its names or types of values differ")
        differences = [
            f"{name}: begun with {old}, now {new}" for name, old, new in _differences(begun, now) if name not in _FREE
        ]
        if differences:
            raise UsageError(
                "a resume must use the same settings and data", received="; ".join(differences), fix="Undo the changes"
            )
        remove_left_files(self.root)
        if not self.config.exists():
            self._write_config(begun)

    def planned_epochs(self) -> int:
        """Returns the number of epochs that the unfinished run here was begun with.

        Raises:
            InputError: If there is none.
        """
        return _epochs(self.identity, self._begun())

    def finished_epochs(self) -> int:
        """Returns the number of epochs that the finished run here was asked for.

        Raises:
            InputError: If its settings are missing or none of a run.
        """
        return _epochs(self.config, _read_settings(self.config))

    def _begun(self) -> dict[str, Any]:
        if not self.identity.exists():
            raise InputError("there is no unfinished run", received=self.root, fix="Start it without --resume")
        return _read_settings(self.identity)

    def newest_checkpoint(self) -> Checkpoint | None:
        """Reads the newest checkpoint that is whole, and says which were not."""
        newest, torn = read_newest(self.checkpoints)
        for path in torn:
            print(f"warning: {path} is torn and was skipped", file=sys.stderr)  # noqa: T201
        return newest

    def is_finished(self) -> bool:
        """Whether a model is there and nothing is left to resume."""
        return self.model.exists() and not self.identity.exists()

    def remove_checkpoints(self) -> None:
        """Removes what a run has in ``checkpoints``, and the folder when nothing else is in it."""
        _remove(self.checkpoints, _CHECKPOINTS)

    def remove(self) -> None:
        """Removes what a run has in its folder, and the folder when nothing else is in it."""
        if not self.root.is_symlink():
            self.remove_checkpoints()
            _remove(self.root, [path.name for path in vars(self).values() if path.parent == self.root])


def _with_later(begun: Any, now: Any, later: Mapping[str, Any]) -> Any:
    """Adds settings that are asked for now and that runs of 0.1.0 did not have, as they were meant."""
    if not isinstance(begun, dict) or not isinstance(now, dict):
        return begun
    added = {name: value for name, value in later.items() if name in now and name not in begun}
    groups = {
        name: _with_later(begun[name], now.get(name), inner)
        for name, inner in later.items()
        if name in begun and isinstance(inner, Mapping)
    }
    return {**begun, **added, **groups}


def _remove(folder: Path, names: Sequence[str]) -> None:
    """Removes our files, the first of ``names`` first, and the folder when it is empty; links and other files stay."""
    if folder.is_symlink():
        return
    with suppress(OSError):  # what cannot be removed stays
        named = [path for name in names for path in folder.glob(name)]
        for path in (*named, *_left_behind(folder)):
            if path.is_file() and not path.is_symlink():
                path.unlink(missing_ok=True)
        folder.rmdir()  # which an OSError refuses unless it is empty


def _left_behind(folder: Path) -> list[Path]:
    """Returns what killed writers of ours left in a folder."""
    return [left.path for left in leftovers(folder) if left.ours] if folder.is_dir() else []


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(read_file(path, most=MAX_TEXT))
    except FileNotFoundError:
        raise _no_settings(path, "it is missing") from None
    except ValueError as error:
        raise _no_settings(path, str(error)) from error
    if not isinstance(content, dict):
        raise _no_settings(path, "it holds no names")
    return as_today(content)


def _epochs(path: Path, content: dict[str, Any]) -> int:
    training = content.get("training")
    if not isinstance(training, dict):
        raise _no_settings(path, "it says nothing about the training")
    try:
        return settings_from_dict(TrainingSettings, training).epochs
    except UsageError as error:
        raise _no_settings(path, str(error)) from error


def _no_settings(path: Path, why: str) -> InputError:
    return InputError(f"these are not the settings of a run ({why})", received=path, fix=START_AGAIN)


def _alike(begun: Any, now: Any) -> bool:
    """Whether two values may be of one setting: of one type, or one of them left out."""
    if isinstance(begun, dict) and isinstance(now, dict):
        return begun.keys() == now.keys() and all(_alike(begun[name], now[name]) for name in now)
    numbers = isinstance(begun, int | float) and isinstance(now, int | float) and not isinstance(begun, bool)
    return begun is None or now is None or type(begun) is type(now) or numbers


def _differences(begun: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[tuple[str, Any, Any]]:
    found = []
    for name in sorted(begun.keys() | now.keys()):
        old, new = begun.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += _differences(old, new, f"{prefix}{name}.")
        elif old != new:
            found.append((prefix + name, old, new))
    return found


def claim_number(parent: Path, name: str) -> int:
    """Makes the first of ``parent/name-1``, ``parent/name-2`` ... that does not exist, and returns its number.

    Of several processes that ask at once, each gets a folder of its own.

    Raises:
        StorageError: If it cannot be made.
    """
    make_folder(parent, "the folder of runs")
    for number in count(1):
        with storage_errors("the run's folder cannot be created", received=parent), suppress(FileExistsError):
            numbered(parent, name, number).mkdir()
            return number
    raise AssertionError("numbers do not end")


def numbered(parent: Path, name: str, number: int) -> Path:
    """Returns the folder of a run that has a number."""
    return parent / f"{name}-{number}"


def is_reference(model: Path) -> bool:
    """Whether a model is the one that comes with the project, by the name of its folder."""
    return whole_path(model).parent.name == "reference"


def newest_model(parent: Path) -> Path | None:
    """Returns the model that was saved last under ``parent``, leaving out the reference; else the reference; else None."""
    models = sorted(parent.glob("*/model.keras"), key=lambda path: (not is_reference(path), path.stat().st_mtime_ns))
    return models[-1] if models else None


def read_train_images(model: Path) -> frozenset[str] | None:
    """Returns the digests of the images that a saved model learned from; None where its run did not keep them."""
    path = RunFolder(model.parent).train_images
    try:
        lines = read_file(path, most=_MAX_IMAGES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return None
    for number, line in enumerate(lines, start=1):
        if not _IMAGE.fullmatch(line):
            raise InputError("a line names no image", received=f"{path}, line {number}", fix="Remove the file, or restore it")
    return frozenset(lines)


def read_history(path: Path) -> list[dict[str, float]]:
    """Reads ``history.csv``: for each epoch, what was logged; a value that was not is left out.

    Raises:
        InputError: If it is not one row of numbers per epoch.
    """
    content = read_file(path, most=MAX_TEXT)
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))
        history = [{name: float(value) for name, value in row.items() if value} for row in rows]
        whole = [row["epoch"] for row in history] == list(range(1, len(rows) + 1)) and all(MONITOR in row for row in history)
    except (ValueError, TypeError, KeyError, csv.Error) as error:
        raise _no_history(path, str(error)) from error
    if not history or not whole:
        raise _no_history(path, f"it does not have one row per epoch, with {MONITOR}")
    return history


def _no_history(path: Path, why: str) -> InputError:
    return InputError(f"this is not a training history ({why})", received=path, fix="Remove the file, or restore it")
