"""Every kind of file that comes from outside: how it is damaged, and who reads it.

Everything happens in a working folder, the current one. A case gets a copy of the whole inputs that its kind
needs, and ``damage`` changes one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import fuzz_damage
import fuzz_formats
from fuzz_mutations import misplace, mutated_json, mutated_lines, mutated_yaml
from fuzz_whole import BEGUN, CONFIGS, DATA, ONNX, RUN, TRAIN

from shapeseg.commands import command_line
from shapeseg.commands.flags import Layout
from shapeseg.datasets import Dataset
from shapeseg.datasets.append import clean_up
from shapeseg.datasets.foreign_images import read_foreign
from shapeseg.datasets.formats.convert import convert, open_source
from shapeseg.datasets.manifest import read_manifest
from shapeseg.datasets.masks import read_mask_file
from shapeseg.datasets.metadata import parse_rows, read_metadata
from shapeseg.datasets.verify import verify_dataset
from shapeseg.folders import is_unfinished
from shapeseg.inference.export_card import export_card_path, read_export_card
from shapeseg.inference.opened_model import open_export
from shapeseg.models import load_model, read_card
from shapeseg.training.checkpoint import read_newest
from shapeseg.training.run_folder import RunFolder, read_history, read_train_images

CANARY = Path("../canary")  # beside the working folder: nobody may touch it


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        parts: Of the whole inputs, what its cases need.
        damage: Changes one input, by a ``Random``.
        places: In these, things are put that should not be there, now and then instead.
        readers: What reads it, by name.
        commands: What takes it, as typed.
    """

    parts: tuple[str, ...]
    damage: Callable[[Random], object]
    places: tuple[Path, ...]
    readers: dict[str, Callable[[], object]]
    commands: tuple[str, ...]


def damage(kind: Kind, random: Random) -> None:
    """Damages the kind's input in the current folder."""
    (_misplaced(kind.places) if random.random() < 0.04 else kind.damage)(random)


def _change(path: Path, mutate: Callable[..., bytes], random: Random, *rest: Any) -> None:
    path.write_bytes(mutate(random, path.read_bytes(), *rest))


def _any_of(folder: str, pattern: str, mutate: Callable[..., bytes]) -> Callable[[Random], None]:
    return lambda random: _change(random.choice(sorted(Path(folder).rglob(pattern))), mutate, random)


def _configs(suffix: str, mutate: Callable[..., bytes]) -> Callable[[Random], None]:
    def damage(random: Random) -> None:
        for name in CONFIGS:
            _change(Path(f"{name}.{suffix}"), mutate, random)

    return damage


def _image_in(folder: str) -> Callable[[Random], None]:
    return lambda random: fuzz_formats.damage_image(random, random.choice(sorted(Path(folder).rglob("*.*"))))


def _misplaced(places: tuple[Path, ...]) -> Callable[[Random], None]:
    return lambda random: misplace(random, random.choice(places), CANARY.absolute())


def _read_images() -> None:
    for path in sorted(Path("plain").rglob("*.*")):
        (read_mask_file if path.parent.name == "masks" else read_foreign)(path)


def _config_readers(suffix: str) -> dict[str, Callable[[], object]]:
    def read(name: str, options: type) -> None:
        command_line._parse(options, ["--config", f"{name}.{suffix}"], "fuzz", Layout())

    return {f"options of {name}": partial(read, name, type(options)) for name, options in CONFIGS.items()}


def _convert(folder: str, to: Any) -> Callable[[], object]:
    return lambda: convert(open_source(Path(folder)), to, Path("converted"))


_READ_DATA: dict[str, Callable[[], object]] = {
    "read_manifest": lambda: read_manifest(DATA),
    "parse_rows": lambda: parse_rows(*read_metadata(DATA)),
    "Dataset": lambda: Dataset(DATA),
    "verify_dataset quick": lambda: verify_dataset(DATA, quick=True),
    "verify_dataset": lambda: verify_dataset(DATA, workers=0),
    "clean_up": lambda: clean_up(DATA),
}
_USE_DATA = (
    "verify data/shapes",
    "verify data/shapes --quick --strict --json",
    "append data/shapes --num-images 2",
    "filter data/shapes --way ignore-occluded --max-occlusion 0.1 --in-place",
    "filter data/shapes --max-occlusion 0.1 --in-place --purge",
    "filter data/shapes --max-occlusion 0.1 --out filtered",
    "merge data/shapes data/other --out merged",
    "merge data/other data/shapes --out merged",
    "stats data/shapes --out stats.png",
    "preview data/shapes --out preview.png --outlines --numbers --rates",
    "coco data/shapes --out coco.json",
    "twin data/shapes --out twins",
    "convert data/shapes --to palette --out converted",
    "evaluate run/model.keras --data data/shapes --out scores",
    f"{TRAIN} --out new",
    f"{TRAIN} --out begun --resume",
)
_USE_MODEL = (
    "doctor run/model.keras",
    "predict run/model.keras plain/images --out predicted --overwrite",
    "evaluate run/model.keras --out scores",
    "train --data data/shapes --epochs 1 --init-from run/model.keras --out new",
    "export run/model.keras --format torch --out exported.pt2 --overwrite",
)
_USE_PLAIN = (
    "convert plain --to yolo --out converted",
    "predict run/model.keras plain/images --out predicted",
    "preview plain --out preview.png",
    "evaluate run/model.keras --data plain --split all --out scores",
    "train --data plain --epochs 1 --widths 1 --out new",
)
_USE_ONNX = ("predict exported/model.onnx plain/images --runtime onnx --out predicted",)
_RESUME = (f"{TRAIN} --out begun --resume", f"{TRAIN} --out begun --resume --max-minutes 1")
_BEGUN = RunFolder(BEGUN)
_READ_RUN: dict[str, Callable[[], object]] = {
    "read_card": lambda: read_card(RUN / "model.keras"),
    "load_model": lambda: load_model(RUN / "model.keras"),
}
_READ_BEGUN: dict[str, Callable[[], object]] = {
    "planned_epochs": _BEGUN.planned_epochs,
    "resume": lambda: _BEGUN.resume({"seed": 0}),
    "read_newest": lambda: read_newest(_BEGUN.checkpoints),
}
_IN_DATA = """
images masks instances images/000003.png images/000010.png masks/000011.png metadata.csv metadata.jsonl dataset.json
class_dict.csv .lock .appending.json .metadata.0123456789abcdef.shapeseg-tmp.jsonl .dataset.0-0.shapeseg-tmp.json
"""
_IN_RUN = """
run run/model.keras run/model.json run/history.csv run/train_images.txt run/.model.0-0.shapeseg-tmp.keras begun
begun/model.keras begun/model.json begun/history.csv begun/curves.png begun/checkpoints begun/checkpoints/run.json
begun/checkpoints/.lock begun/checkpoints/epoch-00001.npz begun/config.json scores/metrics.json scores/images.csv
scores/report.html predicted/00_mask.png predicted/00.json exported.pt2 exported.pt2.json
"""
_DATA_PLACES = (
    DATA,
    *(DATA / name for name in _IN_DATA.split()),
    *(Path(f".{name}.0123456789abcdef.shapeseg-tmp") for name in ("merged", "filtered", "twins", "converted")),
)
_RUN_PLACES = tuple(map(Path, _IN_RUN.split()))
_USES_OF_PALETTE = (
    {"open_source, convert": _convert("palette", "folder")},
    ("convert palette --to folder --out converted", "convert palette --to palette --out converted"),
)
_ALL_DATA, _ALL_RUN = ("data", "run", "begun"), ("data", "run", "begun", "plain")

KINDS = {
    "manifest": Kind(_ALL_DATA, _any_of("data/shapes", "dataset.json", mutated_json), _DATA_PLACES, _READ_DATA, _USE_DATA),
    "metadata": Kind(_ALL_DATA, fuzz_damage.metadata, _DATA_PLACES, _READ_DATA, _USE_DATA),
    "stored image": Kind(_ALL_DATA, fuzz_damage.stored_image, _DATA_PLACES, _READ_DATA, _USE_DATA),
    "journal": Kind(_ALL_DATA, fuzz_damage.journal, (DATA / ".appending.json",), _READ_DATA, _USE_DATA[2:5]),
    "lock": Kind(
        _ALL_DATA, fuzz_damage.lock, (DATA / ".lock",), {"is_unfinished": lambda: is_unfinished(DATA)}, _USE_DATA[2:5]
    ),
    "dataset's places": Kind(_ALL_DATA, _misplaced(_DATA_PLACES), _DATA_PLACES, _READ_DATA, _USE_DATA),
    "card": Kind(_ALL_RUN, _any_of("run", "model.json", mutated_json), _RUN_PLACES, _READ_RUN, _USE_MODEL),
    "keras": Kind(_ALL_RUN, fuzz_damage.keras, _RUN_PLACES, _READ_RUN, _USE_MODEL),
    "run's places": Kind(_ALL_RUN, _misplaced(_RUN_PLACES), _RUN_PLACES, _READ_RUN | _READ_BEGUN, (*_USE_MODEL, *_RESUME)),
    "run.json": Kind(("data", "begun"), _any_of("begun", "run.json", mutated_json), (_BEGUN.identity,), _READ_BEGUN, _RESUME),
    "checkpoint": Kind(
        ("data", "begun"),
        _any_of("begun", "epoch-00001.npz", fuzz_formats.mutated_checkpoint),
        (_BEGUN.checkpoints / "epoch-00001.npz",),
        {"read_newest": _READ_BEGUN["read_newest"]},
        _RESUME,
    ),
    "history": Kind(
        ("data", "run"),
        _any_of("run", "history.csv", mutated_lines),
        (RUN / "history.csv",),
        {"read_history": lambda: read_history(RUN / "history.csv")},
        _USE_MODEL[2:3],
    ),
    "train_images": Kind(
        ("data", "run"),
        _any_of("run", "train_images.txt", mutated_lines),
        (RUN / "train_images.txt",),
        {"read_train_images": lambda: read_train_images(RUN / "model.keras")},
        _USE_MODEL[2:4],
    ),
    "export card": Kind(
        ("exported", "plain"),
        _any_of("exported", "*.json", mutated_json),
        (ONNX, export_card_path(ONNX)),
        {"read_export_card": lambda: read_export_card(ONNX), "open_export": lambda: open_export(ONNX, "onnx")},
        _USE_ONNX,
    ),
    "onnx": Kind(
        ("exported", "plain"), fuzz_damage.onnx, (ONNX,), {"open_export": lambda: open_export(ONNX, "onnx")}, _USE_ONNX
    ),
    "yolo": Kind(
        ("yolo",),
        _any_of("yolo/labels", "*.txt", mutated_lines),
        (Path("yolo/labels/train"), Path("yolo/images"), Path("yolo/data.yaml")),
        {"open_source, convert": _convert("yolo", "folder")},
        ("convert yolo --to folder --out converted", "convert yolo --to yolo --out converted"),
    ),
    "palette lists": Kind(
        ("palette",),
        _any_of("palette/ImageSets", "*.txt", mutated_lines),
        (Path("palette/ImageSets/Segmentation/val.txt"), Path("palette/ImageSets")),
        *_USES_OF_PALETTE,
    ),
    "palette mask": Kind(
        ("palette",),
        _image_in("palette/SegmentationClass"),
        (Path("palette/SegmentationClass"), Path("palette/images")),
        *_USES_OF_PALETTE,
    ),
    "plain images": Kind(
        ("plain", "run"),
        _image_in("plain"),
        (Path("plain/images"), Path("plain/masks"), Path("plain/images/00.png"), Path("plain/masks/00.png")),
        {
            "read_foreign": _read_images,
            "Dataset": lambda: Dataset("plain"),
            "open_source, convert": _convert("plain", "folder"),
        },
        _USE_PLAIN,
    ),
    **{
        f"config {suffix}": Kind(
            ("data", "run", "plain", *(f"{name}.{suffix}" for name in CONFIGS)),
            _configs(suffix, mutate),
            tuple(Path(f"{name}.{suffix}") for name in CONFIGS),
            _config_readers(suffix),
            (
                f"generate --config generate.{suffix} --num-images 2 --out new",
                f"train --config train.{suffix} --data data/shapes --epochs 1 --widths 1 --out new",
                f"predict run/model.keras plain/images --config predict.{suffix} --out predicted",
            ),
        )
        for suffix, mutate in (("json", mutated_json), ("yaml", mutated_yaml))
    },
}
