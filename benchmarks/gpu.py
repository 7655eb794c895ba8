"""Times training and prediction on a GPU, in float32 and bfloat16, compiled and not, and notes its memory.

python benchmarks/gpu.py            # where there is one; elsewhere it says so and measures nothing
python benchmarks/gpu.py --device cpu --images 8    # tries the benchmark itself
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import tyro
from measuring import Options, Rates, Ratio, Row, fix_threads, publish, run

PLAIN = "float32"
BATCHES = (16, 64)


@dataclass(frozen=True)
class GpuOptions(Options):
    """What to run."""

    device: Literal["cuda", "cpu"] = "cuda"
    """Where to compute."""


def main(argv: Sequence[str] | None = None) -> None:
    """Tries every way in turn."""
    options = tyro.cli(GpuOptions, args=argv, description=__doc__)
    fix_threads(os.cpu_count() or 1)
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        print("there is no GPU here: nothing was measured\n")
        return
    rates: Rates = {}
    peaks: dict[str, Row] = {}
    for _, batch, precision, compiled in itertools.product(
        range(options.turns), BATCHES, ("float32", "bfloat16"), (False, True) if options.device == "cuda" else (False,)
    ):
        way = f"{precision}{', compiled' if compiled else ''}, batch {batch}"
        flags = ("--device", options.device, "--precision", precision, "--batch", batch, *(["--compiled"] if compiled else []))
        images = options.images or (512 if options.quick else 4096)
        measured = json.loads(run("benchmarks/train_case.py", *flags, "--images", images, KERAS_BACKEND="torch"))
        for work in ("train", "predict"):
            rates.setdefault(f"{work}, {way}", []).append(measured[work])
        peaks[way] = {"way": way, "peak_of_GPU_MiB": measured["peak_of_GPU_MiB"]}
    ratios = [
        Ratio(f"{name}: times float32", name, f"{name.partition(',')[0]}, {PLAIN}, batch {name.rpartition(' ')[2]}", 1)
        for name in rates
        if f", {PLAIN}, batch" not in name
    ]
    publish("gpu", options, ("shapeseg", "keras", "torch"), rates=rates, ratios=ratios, more={"memory": list(peaks.values())})


if __name__ == "__main__":
    main()
