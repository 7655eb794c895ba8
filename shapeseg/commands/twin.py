"""``twin``: a paired dataset with one thing changed in every image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets import Dataset
from shapeseg.datasets.twin import write_twins
from shapeseg.scenes.twins import DESCRIPTIONS, Change
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class TwinOptions(CommonOptions):
    """Write the counterfactual twin of every sample: without its occluders, or with them changed."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset whose scenes are changed."""
    out: Path = Path("data/twins")
    """New dataset to write, with the same indices and splits."""
    change: Change = "remove"
    """remove the occluders of targets, give them the same or another colour or kind, or reverse the depth order."""
    split: str = "all"
    """Which samples: train, val, test, holdout or all."""
    workers: int | None = None
    """Processes that draw."""


def _command(options: TwinOptions) -> None:
    data = Dataset(options.data).split(options.split)
    with progress_bar("drawing", len(data), "image") as progress:
        changed = write_twins(data, options.change, options.out, workers=options.workers, progress=progress)
    print(f"dataset   {options.out}: {len(data)} images {DESCRIPTIONS[options.change]}; {changed} differ from their originals")


LAYOUT = Layout(
    examples=("data/shapes --change remove --out data/free", "data/shapes --split test --change reverse --out data/reversed"),
)

main = entry_point(TwinOptions, _command, LAYOUT)
