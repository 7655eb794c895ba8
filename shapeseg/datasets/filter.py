"""Removing occlusion from a dataset, in three ways.

- ``drop-occluded`` drops every image in which any rectangle is hidden at all.
- ``drop-beyond`` drops images in which some rectangle is hidden by more than a limit.
- ``ignore-occluded`` keeps every image and marks the shapes hidden by more than a limit, so that loss and
  scores leave them out.
"""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shapeseg import files
from shapeseg.datasets.append import clean_up
from shapeseg.datasets.create import staged_dataset
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.draw import check_space
from shapeseg.datasets.metadata import Lines, commit_metadata, encode_rows, write_metadata
from shapeseg.datasets.samples import FOLDERS, Row, is_as_named, read_stored
from shapeseg.datasets.splits import SPLITS
from shapeseg.datasets.workers import chunked
from shapeseg.errors import InputError
from shapeseg.folders import real_path, refuse_existing, refuse_links, writer_lock
from shapeseg.scenes.rule import FilterSettings, Rule
from shapeseg.terminal import Progress, no_progress, say


@dataclass(frozen=True)
class FilterResult:
    """What a filter does, before or after it is done.

    Attributes:
        rows: What stays.
        before: Counts before: images, images of each split, instances of each kind, visible pixels of each kind.
        after: The same counts after; ignored instances are left out of them.
    """

    rows: list[Row]
    before: dict[str, int]
    after: dict[str, int]


def plan_filter(data: Dataset, settings: FilterSettings) -> FilterResult:
    """Works out what a filter would do; nothing is changed.

    Raises:
        InputError: If the dataset states no occlusion, or nothing would be left.
    """
    _refuse_without_recipes(data)
    if settings.way == "ignore-occluded":
        rows = [_marked(row, settings) for row in data.rows]
    else:
        rows = [row for row in data.rows if not any(_beyond(row, settings))]
    if not rows:
        raise InputError("nothing would be left", received=f"{data.folder}, {settings}", fix="Allow more occlusion")
    return FilterResult(rows, balance(data.rows), balance(rows))


def _refuse_without_recipes(data: Dataset) -> None:
    if not data.has_recipes:
        raise InputError("occlusion is unknown without recipes", received=data.folder, fix="Name a dataset made by shapeseg")


def filter_copy(data: Dataset, settings: FilterSettings, out: Path, progress: Progress = no_progress) -> FilterResult:
    """Writes what stays as a new dataset; the old one is not touched."""
    refuse_existing(out)
    plan = plan_filter(data, settings)
    write_part(data, plan.rows, _narrowed(data, settings), out, progress)
    return plan


def write_part(data: Dataset, rows: Sequence[Row], rule: Rule | None, out: Path, progress: Progress = no_progress) -> None:
    """Writes some samples of a dataset as a new one.

    Args:
        data: The dataset.
        rows: Rows of those samples, as the new dataset states them.
        rule: By what their scenes were chosen; None when that cannot be said.
        out: The new folder.
        progress: Called with the number of samples written since the last call.
    """
    with staged_dataset(out) as staging:
        copy_files(data.folder, staging, [(row, row) for row in rows], progress)
        named = write_metadata(staging, map(encode_rows, chunked(rows)))
        data.manifest.changed(count=len(rows), rule=rule, metadata=named).write(staging)


def filter_in_place(
    folder: Path, settings: FilterSettings, *, purge: bool = False, progress: Progress = no_progress
) -> FilterResult:
    """Un-lists what goes; its files stay where they are unless ``purge`` is set."""
    folder = real_path(folder)
    _refuse_without_recipes(Dataset(folder))  # before a lock file is made in what may be no dataset, or of other people
    refuse_links(folder, FOLDERS.values())
    with writer_lock(folder):
        clean_up(folder)
        data = Dataset(folder)
        plan = plan_filter(data, settings)
        narrowed = data.manifest.changed(count=len(plan.rows), rule=_narrowed(data, settings))
        commit_metadata(folder, narrowed, _encoded(plan.rows, progress))
        if purge:
            stays = {row["index"] for row in plan.rows}
            _purge(folder, [row for row in data.rows if row["index"] not in stays], progress)
    return plan


def _encoded(rows: Sequence[Row], progress: Progress) -> Iterator[Lines]:
    for chunk in chunked(rows):
        yield encode_rows(chunk)
        progress(len(chunk))


def _purge(folder: Path, rows: Sequence[Row], progress: Progress) -> None:
    """Deletes the files of rows, if they are what the rows name."""
    for row in rows:
        for role in FOLDERS:
            path = folder / row[role]
            if is_as_named(folder, row, role):
                path.unlink()
            elif os.path.lexists(path):
                say("warning", f"{path} is not the file that its row names, and stays")
        progress(1)


def _narrowed(data: Dataset, settings: FilterSettings) -> Rule | None:
    """Returns the rule of what a filter leaves."""
    return data.rule and replace(data.rule, filters=(*data.rule.filters, settings))


def copy_files(source: Path, target: Path, rows: Sequence[tuple[Row, Row]], progress: Progress) -> None:
    """Copies the files of samples to where their new rows say; not yet synced.

    Raises:
        StorageError: If the disk is too small.
    """
    check_space(target, sum((source / old[role]).stat().st_size for old, _ in rows for role in FOLDERS))
    for old, new in rows:
        for role in FOLDERS:
            files.write_new_bytes(target / new[role], read_stored(source, old, role))
        progress(1)


def balance(rows: Sequence[Row]) -> dict[str, int]:
    """Counts images, images of each split, and instances and visible pixels of each kind."""
    splits = Counter(row["split"] for row in rows)
    counts = Counter(images=len(rows)) + Counter({f"images in {split}": splits[split] for split in SPLITS})
    for row in rows:
        for instance in row["instances"]:
            if not instance.get("ignored"):
                counts[f"{instance['kind']}s"] += 1
                counts[f"{instance['kind']} pixels"] += instance["visible_area"]
    return dict(counts)


def _beyond(row: Row, settings: FilterSettings) -> Iterator[bool]:
    targets = row.get("target_kinds", ["rectangle"])
    for instance in row["instances"]:
        yield settings.is_beyond(instance["kind"] in targets, instance["occlusion_rate"])


def _marked(row: Row, settings: FilterSettings) -> Row:
    marked = copy.deepcopy(row)
    for instance, beyond in zip(marked["instances"], _beyond(row, settings), strict=True):
        if beyond:
            instance["ignored"] = True
    return marked
