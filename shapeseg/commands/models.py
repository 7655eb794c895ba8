"""``models``: the architectures there are, how large each is, and how fast on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from shapeseg.commands.command_line import entry_point
from shapeseg.environment import Device
from shapeseg.scenes.settings import MAX_SIDE
from shapeseg.settings import CommonOptions, check_range
from shapeseg.workflows.model_speeds import BATCH, Measured, measure


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
        check_range("size", self.size, least=1, most=MAX_SIDE, fix="Try 224")


def _command(options: ModelsOptions) -> None:
    measured = measure(size=options.size, quick=options.quick, device=options.device)
    from shapeseg.models import ARCHITECTURES, missing_extra

    missing = {name: install for name in ARCHITECTURES if (install := missing_extra(name)) is not None}
    backend = os.environ["KERAS_BACKEND"]
    if options.json:
        conditions = {"backend": backend, "size": options.size, "batch_size": BATCH}
        print(json.dumps(conditions | {"models": [asdict(one) for one in measured], "not_installed": missing}, indent=2))
    else:
        print(_table(measured))
        print(f"speed: images a second, {options.size} x {options.size}, batches of {BATCH}, on {backend}; ", end="")
        print("training is steps of Adam on binary cross-entropy")
        for name, install in missing.items():
            print(f"{name} is not installed: {install}")


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


main = entry_point(ModelsOptions, _command)
