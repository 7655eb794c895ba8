"""``filter``: a dataset without its occlusion, by one of three ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets import Dataset
from shapeseg.datasets.filter import FilterResult, filter_copy, filter_in_place, plan_filter
from shapeseg.errors import UsageError
from shapeseg.scenes.rule import FilterSettings, Way
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class FilterOptions(CommonOptions):
    """Remove occlusion from a dataset: drop images, or mark the occluded shapes as ignored."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to filter."""
    out: Path | None = None
    """New dataset to write."""
    in_place: bool = False
    """Remove entries from this dataset itself; the files stay."""
    way: Way | None = None
    """drop-occluded (images with any occlusion), drop-beyond (images beyond the limit) or ignore-occluded (keep images, mark
    the shapes beyond the limit); with a limit alone, drop-beyond."""
    max_occlusion: float | None = None
    """Largest fraction of a shape that may be hidden, 0 to 1. drop-beyond needs it; for ignore-occluded the default is 0."""
    all_instances: bool = False
    """Judge every shape; by default only the targets count."""
    dry_run: bool = False
    """Only report what would be removed."""
    purge: bool = False
    """With --in-place: delete the files of what is removed."""


def _command(options: FilterOptions) -> None:
    settings = filter_settings(options)
    _print(options, settings, filter_as_asked(options, settings))


def filter_as_asked(options: FilterOptions, settings: FilterSettings) -> FilterResult:
    """Filters into a new dataset or in place, or only works out what would go."""
    if options.dry_run:
        return plan_filter(Dataset(options.data), settings)
    with progress_bar("filtering", len(Dataset(options.data)), "image") as progress:
        if options.out is None:
            return filter_in_place(options.data, settings, purge=options.purge, progress=progress)
        return filter_copy(Dataset(options.data), settings, options.out, progress)


def filter_settings(options: FilterOptions) -> FilterSettings:
    """Returns what to remove.

    Raises:
        UsageError: If what to remove, or where, was not stated, or not clearly.
    """
    if missing := list(_missing(options)):
        raise UsageError(
            "filter needs to know what to remove, and where",
            received=f"neither {', nor '.join(missing)}",
            fix="For instance: --way drop-occluded --out data/clean",
        )
    if options.out and options.in_place:
        raise UsageError(
            "a filter writes a new dataset or changes this one, not both",
            received=f"{options.out} and in place",
            fix="Leave one out",
        )
    if options.purge and not options.in_place:
        raise UsageError("purge deletes in place, which was not requested", received="--purge", fix="Add --in-place")
    if options.way == "drop-beyond" and options.max_occlusion is None:
        raise UsageError("drop-beyond needs its limit", received="no --max-occlusion", fix="Try --max-occlusion 0.25")
    return FilterSettings(options.way or "drop-beyond", options.max_occlusion or 0.0, options.all_instances)


def _missing(options: FilterOptions) -> Iterator[str]:
    if options.way is None and options.max_occlusion is None:
        yield "--way nor --max-occlusion"
    if not (options.out or options.in_place or options.dry_run):
        yield "--out nor --in-place"


def _print(options: FilterOptions, settings: FilterSettings, result: FilterResult) -> None:
    limit = "0" if settings.way == "drop-occluded" else str(settings.max_occlusion)
    judged = "any shape" if settings.all_instances else "a rectangle"
    print(f"{settings.way}: {judged} hidden by more than {limit}" + (" (nothing was changed)" if options.dry_run else ""))
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


LAYOUT = Layout(
    examples=("data/shapes --way drop-occluded --out data/clean", "data/shapes --max-occlusion 0.25 --in-place --dry-run"),
)

main = entry_point(FilterOptions, _command, LAYOUT)
