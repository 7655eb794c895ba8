"""How large each architecture is, and how fast on this machine."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from shapeseg.architectures import ARCHITECTURES, missing_extra
from shapeseg.environment import Device, prepare_keras
from shapeseg.errors import UsageError
from shapeseg.terminal import progress_bar

if TYPE_CHECKING:
    import keras

BATCH = 8
"""Images in a batch."""

_REPEATS, _QUICK_REPEATS = 7, 3  # timed, after one that is not


@dataclass(frozen=True)
class Measured:
    """One architecture: a row of the table."""

    name: str
    purpose: str
    parameters: int
    stride: int
    file_mb: float
    """Size of its .keras file, float32 weights, in 10^6 bytes."""
    predict_images_a_second: float
    train_images_a_second: float


def measure(*, size: int, quick: bool = False, device: Device = "auto") -> list[Measured]:
    """Builds and times every architecture that is installed: batches of 8, the median of a few repeats.

    Args:
        size: Height and width of the images, in pixels.
        quick: Fewer repeats.
        device: Where to compute.

    Raises:
        UsageError: If a model cannot take images of that size.
    """
    installed = [name for name in ARCHITECTURES if missing_extra(name) is None]
    step = math.lcm(*(ARCHITECTURES[name].stride for name in installed))
    if size % step:
        raise UsageError(
            f"size must be a multiple of {step}, which every model can take",
            received=f"size={size}",
            fix=f"Use {-(-size // step) * step}",
        )
    measured = []
    with progress_bar("measuring", len(installed), "model") as progress:
        prepare_keras(device=device)  # which takes a while, too
        for name in installed:
            measured.append(_measure_one(name, size, _QUICK_REPEATS if quick else _REPEATS))
            progress(1)
    return measured


def _measure_one(name: str, size: int, repeats: int) -> Measured:
    import keras
    import numpy as np

    from shapeseg.models import build

    known, model = ARCHITECTURES[name], build(name)
    file_size = _file_size(model)  # of the untrained model: a trained one is saved without its optimiser, too
    random = np.random.Generator(np.random.PCG64(0))
    images = random.integers(0, 256, (BATCH, size, size, 3), np.uint8)
    masks = images[..., :1] // 128
    predict = _images_a_second(lambda: model.predict_on_batch(images), repeats)
    model.compile(optimizer=keras.optimizers.Adam(), loss=keras.losses.BinaryCrossentropy())
    train = _images_a_second(lambda: model.train_on_batch(images, masks), repeats)
    return Measured(name, known.purpose, model.count_params(), known.stride, file_size / 1e6, predict, train)


def _file_size(model: keras.Model) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.stat().st_size


def _images_a_second(step: Callable[[], object], repeats: int) -> float:
    step()  # compiles and allocates
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        step()  # gives numbers to NumPy, so it has ended when it returns
        seconds.append(time.perf_counter() - started)
    return BATCH / median(seconds)
