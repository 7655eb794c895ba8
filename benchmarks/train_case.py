"""Trains and predicts with the default model in one way, and prints images a second and GPU memory as JSON.

    KERAS_BACKEND=jax python benchmarks/train_case.py --images 80
    KERAS_BACKEND=torch python benchmarks/train_case.py --device cuda --precision bfloat16 --compiled --batch 64

It runs in a process of its own, because Keras takes one backend a process. Compiling is done before the clock starts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import tyro

from shapeseg.environment import Device, computing_in, prepare_keras


@dataclass(frozen=True)
class Case:
    """How to compute."""

    images: int = 80
    """Images of a measurement."""
    batch: int = 4
    """Images of a batch."""
    device: Device = "auto"
    """Where torch computes."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What most is computed in."""
    compiled: bool = False
    """Compile on torch, too; other backends always do."""


def main() -> None:
    """Measures and prints."""
    case = tyro.cli(Case, description=__doc__)
    prepare_keras(device=case.device)
    import keras
    import numpy as np
    from train_speed import ready_batches, ready_model

    batches = ready_batches(case.batch, -(-case.images // case.batch))
    with computing_in(case.precision):
        model, ready = ready_model(batches)
    model.jit_compile = case.compiled or keras.backend.backend() != "torch"

    def speed(work: Callable[[], object]) -> float:
        work()
        started = time.perf_counter()
        work()
        return case.batch * len(batches) / (time.perf_counter() - started)

    rates = {
        "train": speed(lambda: model.fit(ready, shuffle=False, verbose=0)),
        "predict": speed(lambda: [np.asarray(model.predict_on_batch(images)) for images, _ in batches]),
    }
    print(json.dumps(rates | {"peak_of_GPU_MiB": gpu_peak()}))


def gpu_peak() -> float | None:
    """Returns the most memory that torch has had on the GPU, in MiB; None without one."""
    import torch

    return torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else None


if __name__ == "__main__":
    main()
