"""``models``: the architectures there are, how large each is, and how fast on this machine."""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from shapeseg.commands.command_line import CommonOptions, run
from shapeseg.commands.keras_backend import Device, prepare_keras
from shapeseg.commands.progress import progress_bar
from shapeseg.errors import UsageError
from shapeseg.scenes.settings import MAX_SIDE

if TYPE_CHECKING:
    import keras

_BATCH = 8  # images
_REPEATS, _QUICK_REPEATS = 7, 3  # timed, after one that is not


@dataclass(frozen=True)
class ModelsOptions(CommonOptions):
    """List the architectures, at their default settings: size, and images a second on this machine."""

    size: int = 224
    """Height and width of the images to time with, in pixels."""
    quick: bool = False
    """Fewer repeats, for a first look."""
    device: Device = "auto"
    """Where to compute."""
    json: bool = False
    """Print everything as JSON."""

    def __post_init__(self) -> None:
        if not 1 <= self.size <= MAX_SIDE:
            raise UsageError(f"size is from 1 to {MAX_SIDE}", received=f"size={self.size}", fix="Try 224")


@dataclass(frozen=True)
class Measured:
    """One architecture: a row of the table."""

    name: str
    purpose: str
    parameters: int
    stride: int
    file_mb: float
    """Of its .keras file, float32 weights, in 10^6 bytes."""
    predict_images_a_second: float
    train_images_a_second: float


def measure(options: ModelsOptions) -> list[Measured]:
    """Builds and times every architecture that is installed: batches of 8, the median of a few repeats."""
    prepare_keras(device=options.device)
    from shapeseg.models import ARCHITECTURES, Architecture, missing_extra

    strides = {name: Architecture(name).stride for name in ARCHITECTURES if missing_extra(name) is None}
    step = math.lcm(*strides.values())
    if options.size % step:
        raise UsageError(
            f"size must be a multiple of {step}, which every model can take",
            received=f"size={options.size}",
            fix=f"Use {-(-options.size // step) * step}",
        )
    measured = []
    with progress_bar("measuring", len(strides), "model") as progress:
        for name, stride in strides.items():
            measured.append(_measure_one(name, stride, options))
            progress(1)
    return measured


def _measure_one(name: str, stride: int, options: ModelsOptions) -> Measured:
    import keras
    import numpy as np

    from shapeseg.models import ARCHITECTURES, build

    model = build(name)
    file_size = _file_size(model)  # of the untrained model: a trained one is saved without its optimiser, too
    random = np.random.Generator(np.random.PCG64(0))
    images = random.integers(0, 256, (_BATCH, options.size, options.size, 3), np.uint8)
    masks = images[..., :1] // 128
    repeats = _QUICK_REPEATS if options.quick else _REPEATS
    predict = _images_a_second(lambda: model.predict_on_batch(images), repeats)
    model.compile(optimizer=keras.optimizers.Adam(), loss=keras.losses.BinaryCrossentropy())
    train = _images_a_second(lambda: model.train_on_batch(images, masks), repeats)
    return Measured(name, ARCHITECTURES[name], model.count_params(), stride, file_size / 1e6, predict, train)


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
    return _BATCH / median(seconds)


def _table(measured: Sequence[Measured]) -> str:
    """Returns one line an architecture, under a heading.

    >>> print(_table([Measured("unet", "the default", 57793, 16, 0.304, 150.0, 51.26)]))
    name  parameters  stride  file MB  predict/s  train/s
    unet      57,793      16     0.30      150.0     51.3
    """
    lines: list[tuple[str, ...]] = [("name", "parameters", "stride", "file MB", "predict/s", "train/s")]
    for one in measured:
        speeds = (f"{speed:.1f}" for speed in (one.predict_images_a_second, one.train_images_a_second))
        lines.append((one.name, f"{one.parameters:,}", str(one.stride), f"{one.file_mb:.2f}", *speeds))
    first, *others = (max(map(len, column)) for column in zip(*lines, strict=True))
    return "\n".join(
        "  ".join([name.ljust(first), *(text.rjust(width) for text, width in zip(texts, others, strict=True))])
        for name, *texts in lines
    )


def _command(options: ModelsOptions) -> None:
    measured = measure(options)
    from shapeseg.models import ARCHITECTURES, missing_extra

    missing = {name: install for name in ARCHITECTURES if (install := missing_extra(name)) is not None}
    backend = os.environ["KERAS_BACKEND"]
    if options.json:
        conditions = {"backend": backend, "size": options.size, "batch_size": _BATCH}
        print(json.dumps(conditions | {"models": [asdict(one) for one in measured], "not_installed": missing}, indent=2))
    else:
        print(_table(measured))
        print(f"speed: images a second, {options.size} x {options.size}, batches of {_BATCH}, on {backend}; ", end="")
        print("training is steps of Adam on binary cross-entropy")
        for name, install in missing.items():
            print(f"{name} is not installed: {install}")


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(ModelsOptions, _command, argv, prog)
