"""The commands that write: their words, where their results are, and how to see what a kill has left of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapeseg.datasets import Dataset
from shapeseg.datasets.foreign_images import read_foreign
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import ShapesegError
from shapeseg.folders import LOCK
from shapeseg.incoming import MAX_TEXT, parse_json, read_file

SMALL = "--width 32 --height 32 --min-instances 2 --max-instances 4 --min-size 6 --max-size 14"
BEFORE, MORE = 24, 16  # images

# What there is to work on, in the order in which it is made.
MATERIAL = (
    f"generate --out data --num-images {BEFORE} --seed 2 {SMALL}",
    f"generate --out other --num-images 8 --seed 9 {SMALL}",
    "train --data data --out run --epochs 1 --widths 4 4",
    "preview data --out shown.png --rows 1",
    "stats data --out counted.png --split val",
)

State = Callable[[Path], Any]


@dataclass(frozen=True)
class Command:
    """One that writes.

    Attributes:
        words: Of its command line, in a folder with a copy of the material that they name.
        result: What it writes, in that folder.
        state: Reads the result: None when nothing there counts, a word when it is damaged, else something that equals what
            an uninterrupted command leaves.
        again: What is added to the words after a kill; of several, the first that is no wrong usage or input.
        changes: Patterns of the files of the material that it may change or delete.
        guests: Folders that may hold files of other people.
        repeatable: Whether a second run changes nothing.
        share: Of the kills that it gets.
    """

    words: str
    result: str
    state: State
    again: Sequence[str] = ("",)
    changes: Sequence[str] = ()
    guests: Sequence[str] = (".",)
    repeatable: bool = True
    share: float = 1.0


def rows(folder: Path) -> list[Any] | str | None:
    """Returns the rows of a dataset."""
    if not folder.exists():
        return None
    try:
        errors = [finding.what for finding in verify_dataset(folder) if finding.severity == "error"]
    except ShapesegError as error:
        return str(error)
    return "; ".join(errors) if errors else Dataset(folder).rows


def content(path: Path) -> Any:
    """Returns what a file, or each file of a folder, holds; a folder is there whole or not at all."""
    if not path.exists():
        return None
    return [(str(each.relative_to(path)), _digest(each)) for each in sorted([path, *path.rglob("*")]) if each.is_file()]


def report(out: Path) -> Any:
    """Returns the files of an evaluation, of which the scores come last."""
    if not (out / "metrics.json").exists():
        return None
    return [(path.name, _digest(path)) for path in sorted(out.iterdir()) if path.suffix and path.name != LOCK]


def predictions(out: Path) -> Any:
    """Returns the predictions; each counts once its JSON is there, and the command is through once each of them is."""
    found = []
    for path in sorted(out.glob("[!.]*.json")):
        try:
            parse_json(read_file(path, most=MAX_TEXT))
            for kind in ("mask", "overlay"):
                read_foreign(path.with_name(f"{path.stem}_{kind}.png"))
        except (ShapesegError, OSError, ValueError) as error:
            return f"{path.name}: {error}"
        found.append((path.stem, [_digest(each) for each in sorted(out.glob(f"{path.stem}[._]*"))]))
    return found if len(found) == BEFORE else None


def exported(path: Path) -> Any:
    """Returns what an export holds; its card comes last and knows it."""
    from shapeseg.inference.export_card import digests, read_export_card

    if not path.with_name(f"{path.name}.json").exists():
        return None
    card = read_export_card(path)
    known = digests({path.suffix: path.read_bytes()})
    return known if card and card.sha256 == known else "its card is of another file"


def run(folder: Path) -> Any:
    """Returns a finished run; a model that is there before must be whole, too."""
    from shapeseg.models import load_model, read_card
    from shapeseg.training.run_folder import RunFolder

    files = RunFolder(folder)
    if not files.model.exists():
        return None
    try:
        weights = [weight.tobytes() for weight in load_model(files.model).get_weights()]
        card = read_card(files.model)
    except ShapesegError as error:
        return str(error)
    if not files.is_finished():
        return None
    texts = (files.history, files.train_images, files.config)
    return weights, card and (card.threshold, card.scores), [(path.name, path.exists() and _digest(path)) for path in texts]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


_VERSION = ("data/dataset.json", "data/metadata*")  # what names the version of a dataset that counts
_SMALL_LIMIT = "filter data --max-occlusion 0.1"
COMMANDS = {
    "create": Command(f"generate --out out --num-images {BEFORE} --seed 2 {SMALL}", "out", rows),
    "append": Command(
        f"append data --num-images {MORE}", "data", rows, changes=_VERSION, guests=(".", "data"), repeatable=False
    ),
    "filter": Command(f"{_SMALL_LIMIT} --in-place", "data", rows, changes=_VERSION, guests=(".", "data")),
    "filter-purge": Command(
        f"{_SMALL_LIMIT} --in-place --purge",
        "data",
        rows,
        changes=(*_VERSION, "data/*/*.png"),
        guests=(".", "data", "data/images"),
    ),
    "filter-out": Command(f"{_SMALL_LIMIT} --out out", "out", rows),
    "merge": Command("merge data other --out out", "out", rows),
    "twin": Command("twin data --out out", "out", rows),
    "convert-yolo": Command("convert data --to yolo --out out", "out", content),
    "convert-folder": Command("convert data --to folder --out out", "out", content),
    "coco": Command("coco data --out out.json", "out.json", content),
    "preview": Command("preview data --out shown.png --rows 2", "shown.png", content, changes=("shown.png",)),
    "stats": Command("stats data --out counted.png", "counted.png", content, changes=("counted.png",)),
    "predict": Command(
        "predict run/model.keras data/images --out out", "out", predictions, again=("--overwrite",), guests=(".", "out")
    ),
    "evaluate": Command("evaluate run/model.keras --data data --out out", "out", report),
    "train": Command("train --data data --out out --epochs 2 --widths 4 4", "out", run, again=("--resume", "")),
    "export": Command("export run/model.keras --out out.onnx", "out.onnx", exported, again=("--overwrite",), share=0.25),
}
"""Left out: study and tune, which take minutes, and train and predict as these do."""
