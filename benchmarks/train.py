"""Times shapeseg's training and inference against plain torch, and asks how good a model is after so many minutes.

    python benchmarks/train.py            # about 45 minutes on two free cores
    python benchmarks/train.py --quick    # about 2 minutes

Both sides train the same network with the same loss and optimiser on the same batches, ready in memory; only shapeseg counts
scores. Quality is what ``train.py --max-minutes`` reaches on the default dataset, measured on its test split.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

import tyro
from measuring import Contestant, Ratio, judge, machine, race, spread, table

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("shapeseg", "keras", "torch", "numpy")
BATCHES = (16, 4)
WANTED = {0.5: 0.97, 1.5: 0.985, 3.0: 0.99, 8.0: 0.994}  # minutes of training -> IoU on decidable pixels
SEEDS = (0, 1, 2)
Section = Literal["speed", "quality", "memory"]


@dataclass(frozen=True)
class Options:
    """What to run."""

    quick: bool = False
    """A shorter run, for a first look."""
    rounds: int = 5
    """Rounds of the speed section, after the warm-up."""
    sections: tuple[Section, ...] = ("speed", "quality", "memory")
    """What to measure."""
    out: Path = Path(__file__).with_name("results")
    """Folder for train.json and train.md."""


def main(argv: Sequence[str] | None = None) -> None:
    """Runs what is asked for, prints the tables and writes them."""
    options = tyro.cli(Options, args=argv, description=__doc__)
    os.environ["KERAS_BACKEND"] = "torch"
    result: dict[str, Any] = {"machine": machine(PACKAGES), "options": {"quick": options.quick, "rounds": options.rounds}}
    with tempfile.TemporaryDirectory() as scratch:
        if "speed" in options.sections:
            rates = speed(options)
            result["images_a_second"] = {name: spread(values) for name, values in rates.items()}
            result["ratios"] = [judge(ratio, rates) for ratio in ratios()]
        if {"quality", "memory"} & set(options.sections):
            data = Path(scratch) / "shapes"
            run("generate_data.py", "--out", data, "--num-images", 60 if options.quick else 1000)
            if "quality" in options.sections:
                result["quality"] = quality(options, data, Path(scratch))
            if "memory" in options.sections:
                result["memory"] = memory(3 if options.quick else 30, data, Path(scratch))
    report = markdown(result)
    print(report)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "train.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n")
    (options.out / "train.md").write_text(report)


def ratios() -> list[Ratio]:
    """Returns what is compared with what."""
    asked = {"train": 0.85, "predict": 0.65}
    names = [(f"{work}, batch {batch}", asked[work]) for batch in BATCHES for work in asked]
    return [Ratio(f"{name}: times torch", f"shapeseg {name}", f"torch {name}", target) for name, target in names]


def speed(options: Options) -> dict[str, list[float]]:
    """Lets shapeseg and plain torch train and predict in turn."""
    contestants = [each for batch in BATCHES for each in _contestants(batch, 4 if options.quick else 20)]
    return race(contestants, options.rounds)


def _contestants(batch_size: int, batches: int) -> list[Contestant]:
    import keras
    from train_peers import TorchTrainer

    from shapeseg.datasets.examples import FreshScenes
    from shapeseg.datasets.feed import Feed
    from shapeseg.models import build
    from shapeseg.models.unet import Settings
    from shapeseg.scenes import SceneSettings
    from shapeseg.training.fit import compile_model
    from shapeseg.training.settings import TrainingSettings

    images = batch_size * batches
    feed = Feed(FreshScenes(SceneSettings(), seed=0, size=images, frozen=True), batch_size)
    ready = [feed[place] for place in range(len(feed))]

    class Ready(keras.utils.PyDataset):
        def __len__(self) -> int:
            return len(ready)

        def __getitem__(self, place: int) -> Any:
            return ready[place]

    model = build("unet")
    compile_model(model, TrainingSettings(batch_size=batch_size, learning_rate=1e-3, schedule="constant"), len(feed))
    peer = TorchTrainer(Settings().widths)
    return [
        Contestant(f"torch train, batch {batch_size}", images, lambda _: peer.fit(ready)),
        Contestant(f"shapeseg train, batch {batch_size}", images, lambda _: model.fit(Ready(), shuffle=False, verbose=0)),
        Contestant(f"torch predict, batch {batch_size}", images, lambda _: [peer.predict(x) for x, _ in ready]),
        Contestant(f"shapeseg predict, batch {batch_size}", images, lambda _: [model.predict_on_batch(x) for x, _ in ready]),
    ]


def quality(options: Options, data: Path, scratch: Path) -> list[dict[str, Any]]:
    """Trains for so many minutes and measures on the test split, for each seed."""
    rows = []
    for minutes, wanted in ({0.1: 0.0} if options.quick else WANTED).items():
        reached = []
        for seed in SEEDS[:1] if options.quick else SEEDS:
            out = scratch / f"{minutes}-{seed}"
            run("train.py", "--data", data, "--max-minutes", minutes, "--seed", seed, "--out", out)
            run("evaluate.py", out / "model.keras", "--data", data, "--split", "test", "--out", out / "report")
            scores = json.loads((out / "report" / "metrics.json").read_text())
            reached.append({"seed": seed, **{name: scores[name] for name in ("iou_decidable", "iou", "iou_ceiling")}})
        middle = median(each["iou_decidable"] for each in reached)
        rows.append({"minutes": minutes, "wanted": wanted, "iou_decidable": middle, "met": middle >= wanted, "seeds": reached})
    return rows


def memory(epochs: int, data: Path, scratch: Path) -> dict[str, Any]:
    """Runs the default training for so many epochs in a process of its own, which says its memory after each."""
    answer = run(Path(__file__).with_name("train_memory.py"), data, scratch / "memory", epochs)
    resident = json.loads(answer.splitlines()[-1])
    return {"epochs": epochs, "peak_mib": max(resident), "after_3_mib": resident[2], "after_last_mib": resident[-1]}


def run(script: str | Path, *arguments: object) -> str:
    """Runs a script of the project and returns what it printed."""
    command = [sys.executable, str(REPOSITORY / script), *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def markdown(result: dict[str, Any]) -> str:
    """Returns the tables for people."""
    facts = ", ".join(f"{name} {value}" for name, value in result["machine"].items() if value is not None)
    parts = [f"Rounds: {result['options']['rounds']}. Machine: {facts}.\n"]
    measured = ("median", "min", "max")
    if "ratios" in result:
        speeds = [[name, *(values[key] for key in measured)] for name, values in result["images_a_second"].items()]
        compared = [[ratio[key] for key in ("name", *measured, "target", "met")] for ratio in result["ratios"]]
        parts += [table(["images a second", *measured], speeds), table(["ratio", *measured, "target", "met"], compared)]
    if "quality" in result:
        rows = [
            [f"{row['minutes']}", *(f"{row[name]:.4f}" for name in ("iou_decidable", "wanted")), row["met"], _seeds(row)]
            for row in result["quality"]
        ]
        parts.append(table(["minutes", "IoU, decidable", "wanted", "met", "each seed: decidable / all"], rows))
    if "memory" in result:
        parts.append(table(list(result["memory"]), [list(result["memory"].values())]))
    return "\n".join(parts)


def _seeds(row: dict[str, Any]) -> str:
    return ", ".join(f"{each['iou_decidable']:.4f} / {each['iou']:.4f}" for each in row["seeds"])


if __name__ == "__main__":
    main()
