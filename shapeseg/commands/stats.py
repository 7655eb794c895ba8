"""``stats``: what a dataset is made of, as a table and a picture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.outputs import refuse_foreign
from shapeseg.settings import CommonOptions


@dataclass(frozen=True)
class StatsOptions(CommonOptions):
    """Count what a dataset is made of: splits, kinds, colours, sizes, occlusion."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to count."""
    split: str = "all"
    """Which samples: train, val, test, holdout or all."""
    out: Path | None = None
    """Picture to write; an earlier one of shapeseg's is replaced, and nothing else."""
    json: bool = False
    """Print everything as JSON."""


def _command(options: StatsOptions) -> None:
    from shapeseg.datasets import Dataset
    from shapeseg.datasets.statistics import statistics
    from shapeseg.reporting.pictures import save_figure
    from shapeseg.reporting.statistics_picture import statistics_figure
    from shapeseg.reporting.tables import table

    if options.out:
        refuse_foreign(options.out)
    found = statistics(Dataset(options.data).split(options.split))
    print(json.dumps(found, indent=2) if options.json else table(_rows(found)))
    if options.out:
        save_figure(statistics_figure(found), options.out)
        if not options.json:
            print(f"wrote {options.out}")


def _rows(found: dict[str, Any]) -> dict[str, Any]:
    rows: dict[str, Any] = dict(found["counts"])
    rows["images with overlap"] = found["occluded_images"]
    rows["rectangle pixels / all pixels"] = found["rectangle_pixel_share"]
    for kind, colors in found["colors"].items():
        rows |= {f"{kind}s in {color}": count for color, count in colors.items()}
    return rows | {f"rectangles hidden {name}": count for name, count in found["occlusion"].items()}


LAYOUT = Layout(
    examples=("data/shapes --out stats.png", "data/shapes --split train --json"),
)

main = entry_point(StatsOptions, _command, LAYOUT)
