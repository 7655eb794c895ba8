"""``filter``: a dataset without its occlusion, by one of three ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.datasets import Dataset
from shapeseg.datasets.filter import FilterResult, filter_copy, filter_in_place, plan_filter
from shapeseg.errors import UsageError
from shapeseg.scenes.rule import FilterSettings
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class FilterOptions(CommonOptions):
    """Remove occlusion from a dataset: drop images, or mark the occluded shapes as ignored."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to filter."""
    out: Path | None = None
    """New dataset to write; without it what goes is un-listed in place, and its files stay."""
    filter: Annotated[FilterSettings, tyro.conf.arg(name="")] = FilterSettings()
    dry_run: bool = False
    """Only say what would go."""
    purge: bool = False
    """In place: delete the files of what goes."""


def _command(options: FilterOptions) -> None:
    if options.purge and options.out:
        raise UsageError("purge deletes in place, and a new dataset was asked for", received=options.out, fix="Leave one out")
    if options.dry_run:
        result = plan_filter(Dataset(options.data), options.filter)
    elif options.out is None:
        result = filter_in_place(options.data, options.filter, purge=options.purge)
    else:
        with progress_bar("copying", len(Dataset(options.data)), "image") as progress:
            result = filter_copy(Dataset(options.data), options.filter, options.out, progress)
    _print(options, result)


def _print(options: FilterOptions, result: FilterResult) -> None:
    limit = "0" if options.filter.way == "drop-occluded" else str(options.filter.max_occlusion)
    judged = "any shape" if options.filter.all_instances else "a rectangle"
    print(
        f"{options.filter.way}: {judged} hidden by more than {limit}" + (" (nothing was changed)" if options.dry_run else "")
    )
    width = max(map(len, result.before))
    print(f"{'':<{width}}  {'before':>10}  {'after':>10}  {'goes':>7}")
    for name, before in result.before.items():
        after = result.after.get(name, 0)
        print(f"{name:<{width}}  {before:>10,}  {after:>10,}  {1 - after / before if before else 0:>7.1%}")
    for label, counts in (("before", result.before), ("after", result.after)):
        rectangles, ellipses = (counts.get(f"{kind} pixels", 0) for kind in ("rectangle", "ellipse"))
        if rectangles + ellipses:
            print(f"rectangle share of rectangle and ellipse pixels {label}: {rectangles / (rectangles + ellipses):.3f}")
    if not options.dry_run:
        print(f"dataset   {options.out or options.data}: {len(result.rows)} images")


main = entry_point(FilterOptions, _command)
