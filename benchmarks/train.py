"""Times training and inference against plain torch and its libraries, and asks how good a model is after so many minutes.

    python benchmarks/train.py            # about 2 hours on two free cores
    python benchmarks/train.py --quick    # about 3 minutes
    python benchmarks/train.py --sections speed backends    # a part of it

Speed: everyone trains with the same loss and optimiser on the same batches, ready in memory; only shapeseg counts scores.
Quality is what ``train.py --max-minutes`` reaches on the default dataset, measured on its test split, beside what UNet++ with
EfficientNet-B2 reaches from scratch in plain torch.
"""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import tyro
from measuring import Options, Rates, Ratio, fix_threads, publish, race, run

BATCHES = (16, 4)
WORK = ("train", "predict")
SMP = ("U-Net MobileNetV2", "UNet++ EfficientNet-B2")
BACKENDS = ("torch", "jax", "tensorflow")
ASKED = {("train", 16): 0.95, ("train", 4): 0.9, ("predict", 16): 0.9, ("predict", 4): 0.9}
RATIOS = (
    *(
        Ratio(
            f"{work}, batch {batch}: times the same in torch",
            f"shapeseg {work}, batch {batch}",
            f"torch {work}, batch {batch}",
            least,
        )
        for (work, batch), least in ASKED.items()
    ),
    *(
        Ratio(f"{work}, batch 4: times {name}", f"shapeseg {work}, batch 4", f"{name} {work}, batch 4", 1)
        for name in SMP
        for work in WORK
    ),
)
PACKAGES = ("shapeseg", "keras", "torch", "jax", "tensorflow", "tensorflow-cpu", "segmentation-models-pytorch", "numpy")
Section = Literal["speed", "backends", "quality", "peer", "memory"]


@dataclass(frozen=True)
class TrainOptions(Options):
    """What to run."""

    sections: tuple[Section, ...] = ("speed", "backends", "quality", "peer", "memory")
    """What to measure: speed, speed on other backends, quality after minutes, that of UNet++, or memory."""


def main(argv: Sequence[str] | None = None) -> None:
    """Runs what is asked for."""
    from train_quality import memory, peer_quality, quality, read_rows, times_to

    options = tyro.cli(TrainOptions, args=argv, description=__doc__)
    fix_threads(os.cpu_count() or 1)
    os.environ["KERAS_BACKEND"] = "torch"
    once = replace(options, rounds=1)
    if "speed" in options.sections:
        from train_speed import contestants

        everyone = [each for batch in BATCHES for each in contestants(batch, options, SMP if batch == 4 else ())]
        publish("train_speed", options, PACKAGES, rates=race(everyone, options.turns), ratios=RATIOS)
    if "backends" in options.sections:
        publish("train_backends", options, PACKAGES, rates=backends(options))
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "shapes"
        if {"quality", "peer", "memory"} & set(options.sections):
            run("generate_data.py", "--out", data, "--num-images", options.images or (60 if options.quick else 1000))
        if "quality" in options.sections:
            publish("train_quality", once, PACKAGES, more={"quality": quality(data, Path(scratch), quick=options.quick)})
        if "peer" in options.sections:
            publish("train_peer", once, PACKAGES, more={"peer": peer_quality(data, quick=options.quick)})
        if "memory" in options.sections:
            rows = memory(data, Path(scratch), epochs=3 if options.quick else 30)
            publish("train_memory", once, PACKAGES, more={"memory": rows})
    known = {name: read_rows(options.folder / f"train_{name}.json", name) for name in ("quality", "peer")}
    if all(known.values()) and {"quality", "peer"} & set(options.sections):
        publish("train_times", once, PACKAGES, more={"time to quality": times_to(known["quality"], known["peer"])})


def backends(options: Options) -> Rates:
    """Trains and predicts in batches of 4 on every backend that is installed, each time in a process of its own."""
    rates: Rates = {}
    for _ in range(options.turns):
        for backend in BACKENDS:
            if importlib.util.find_spec(backend) is None:
                continue
            measured = json.loads(run("benchmarks/train_case.py", "--images", options.images or 80, KERAS_BACKEND=backend))
            for work in WORK:
                rates.setdefault(f"shapeseg {work} on {backend}, batch 4", []).append(measured[work])
    return rates


if __name__ == "__main__":
    main()
