"""``models``: the architectures there are, how large each is, and how fast on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shapeseg.architectures import ARCHITECTURES, missing_extra
from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.environment import Device
from shapeseg.errors import UsageError
from shapeseg.scenes.settings import MAX_SIDE
from shapeseg.settings import CommonOptions, check_range
from shapeseg.workflows.model_speeds import BATCH, measure


@dataclass(frozen=True)
class ModelsOptions(CommonOptions):
    """List the architectures, at their default settings: size, and on request, images a second on this machine."""

    speed: bool = False
    """Also measure their speed, which takes minutes."""
    size: int = 224
    """With --speed: height and width of the images used for timing, in pixels."""
    quick: bool = False
    """With --speed: fewer repeats, for a first look."""
    device: Device = "auto"
    """With --speed: where to compute."""
    json: bool = False
    """Print everything as JSON."""

    def __post_init__(self) -> None:
        check_range("size", self.size, least=1, most=MAX_SIDE, fix="Try 224")
        if self.quick and not self.speed:
            raise UsageError("only timing can be quick", received="--quick", fix="Add --speed")


def _command(options: ModelsOptions) -> None:
    missing = {name: install for name in ARCHITECTURES if (install := missing_extra(name)) is not None}
    listed, conditions, note = _timed(options) if options.speed else _known()
    if options.json:
        print(json.dumps(conditions | {"models": listed, "not_installed": missing}, indent=2))
        return
    print(_table(listed))
    print(note)
    for name, install in missing.items():
        print(f"{name} is not installed: {install}")


Listed = tuple[list[dict[str, Any]], dict[str, Any], str]


def _known() -> Listed:
    """Returns what is known without Keras, which takes seconds to load."""
    listed = [
        {"name": name, "purpose": known.purpose, "parameters": known.parameters, "stride": known.stride}
        for name, known in ARCHITECTURES.items()
    ]
    return listed, {}, "With --speed: size of the file, and images a second on this machine."


def _timed(options: ModelsOptions) -> Listed:
    measured = measure(size=options.size, quick=options.quick, device=options.device)
    backend = os.environ["KERAS_BACKEND"]
    note = (
        f"speed: images a second, {options.size} x {options.size}, batches of {BATCH}, on {backend}; "
        "training is steps of Adam on binary cross-entropy"
    )
    return [asdict(one) for one in measured], {"backend": backend, "size": options.size, "batch_size": BATCH}, note


_COLUMNS = {
    "parameters": ("parameters", ","),
    "stride": ("stride", ""),
    "file_mb": ("file MB", ".2f"),
    "predict_images_a_second": ("predict/s", ".1f"),
    "train_images_a_second": ("train/s", ".1f"),
}


def _table(listed: Sequence[Mapping[str, Any]]) -> str:
    """Returns one line an architecture, under a heading, and what it is where there is room.

    >>> print(_table([{"name": "unet", "purpose": "the default", "parameters": 57793, "stride": 16}]))
    name  parameters  stride  purpose
    unet      57,793      16  the default
    """
    keys = [key for key in _COLUMNS if key in listed[0]]
    last = [] if "file_mb" in keys else ["purpose"]
    lines = [["name", *(_COLUMNS[key][0] for key in keys), *last]]
    for one in listed:
        numbers = ("-" if one[key] is None else format(one[key], _COLUMNS[key][1]) for key in keys)
        lines.append([one["name"], *numbers, *(one[key] for key in last)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    sides = ["<", *(">" for _ in keys), *("<" for _ in last)]
    places = [f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True)]
    return "\n".join("  ".join(places).format(*line).rstrip() for line in lines)


LAYOUT = Layout(
    examples=("--speed --quick", "--speed --size 448 --device cpu --json"),
)

main = entry_point(ModelsOptions, _command, LAYOUT)
