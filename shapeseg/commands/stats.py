"""``stats``: what a dataset is made of, as a table and a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.description import Description
from shapeseg.outputs import refuse_foreign
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shapeseg.datasets import Dataset

    Counted = tuple[dict[str, Any], dict[str, Any], Callable[[], Figure]]

_LISTED = 5  # kinds and sizes in the table; the JSON has all


@dataclass(frozen=True)
class StatsOptions(CommonOptions):
    """Count what a dataset contains: splits, kinds, colours, sizes, occlusion; for your own images, sizes and targets."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to count."""
    split: str = "all"
    """Which samples: train, val, test, holdout or all."""
    out: Path | None = None
    """Picture to write; it replaces an earlier one of shapeseg's, but no other file."""
    json: bool = False
    """Print everything as JSON."""
    own: Description = Description()


def _command(options: StatsOptions) -> None:
    from shapeseg.reporting.pictures import save_figure
    from shapeseg.reporting.tables import table
    from shapeseg.workflows.own_data import is_own, open_data

    if options.out:
        refuse_foreign(options.out)
    data = open_data(options.data, options.own).split(options.split)
    found, rows, draw = _of_own(data) if is_own(data) else _of_shapes(data)
    print(json.dumps(found, indent=2) if options.json else table(rows))
    if options.out:
        save_figure(draw(), options.out)
        if not options.json:
            print(f"wrote {options.out}")


def _of_shapes(data: Dataset) -> Counted:
    from shapeseg.datasets.statistics import statistics
    from shapeseg.reporting.statistics_picture import statistics_figure

    found = statistics(data)
    return found, _rows(found), lambda: statistics_figure(found)


def _of_own(data: Dataset) -> Counted:
    from shapeseg.datasets.own_statistics import own_statistics
    from shapeseg.reporting.own_statistics_picture import own_statistics_figure

    with progress_bar("counting", len(data), "image") as progress:
        found = own_statistics(data.survey(progress))
    rows = {"images": found["images"], **{f"in {split}": count for split, count in found["splits"].items()}}
    for name, counts in (("of", "sizes"), ("images", "image_kinds"), ("masks", "mask_kinds")):
        rows |= {f"{name} {kind}": count for kind, count in [*found[counts].items()][:_LISTED]}
        if (more := len(found[counts]) - _LISTED) > 0:
            rows[f"{name} {more} other kinds"] = sum([*found[counts].values()][_LISTED:])
    rows |= {
        "values in masks": found["mask_values"],
        f"{data.target_name} pixels / all that count": found["target_share"],
        "void pixels / all pixels": found["void_share"],
        f"images without {data.target_name}": found["without_target"],
        f"images that are all {data.target_name}": found["all_target"],
    }
    return found, rows, lambda: own_statistics_figure(found, data.target_name)


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
