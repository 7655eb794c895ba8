"""The data of the occlusion study: a training set an arm and seed, one val set, and the test sets that every model meets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from shapeseg.datasets import Dataset, DatasetSettings, SplitSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import filter_copy, plan_filter, write_part
from shapeseg.datasets.samples import Row
from shapeseg.datasets.twin import write_twins
from shapeseg.errors import InputError
from shapeseg.scenes import SceneSettings
from shapeseg.scenes.rule import FilterSettings
from shapeseg.scenes.twins import Change
from shapeseg.workflows.study.settings import ArmName

FILTERS = {
    "drop-occluded": FilterSettings("drop-occluded"),
    "drop-occluded-dense": FilterSettings("drop-occluded"),
    "drop-beyond": FilterSettings("drop-beyond", 0.25),
    "ignore-occluded": FilterSettings("ignore-occluded", 0.25),
}
HEAVY = (0.4, 0.6, 0.8)
"""Occlusion rates of the three rectangles that each image of the arm ``heavy`` holds hidden."""

TESTS = ("clean", "natural", "dialled", "removed", "reversed")

_TRAIN, _VAL, _TEST = SplitSettings(100, 0, 0, 0), SplitSettings(0, 100, 0, 0), SplitSettings(0, 0, 100, 0)
_FEWEST = 40  # of so many images one at least must pass a filter, or there is no such training set


def train_set(root: Path, arm: ArmName, scene: SceneSettings, seed: int, images: int) -> Dataset:
    """Returns the training set of an arm, made when it is not there: so many images, or more of which the first count.

    Arms that filter take the first images that pass out of a pool of natural ones, which is as large as that needs.

    Raises:
        InputError: If too few images pass.
    """
    if arm == "no-overlap":
        return _drawn(root, arm, _without_dial(scene, max_occlusion=0.0), _TRAIN, seed, images)
    if arm == "heavy":
        return _drawn(root, arm, _without_dial(scene, occlusion_rates=HEAVY), _TRAIN, seed, images)
    if arm == "drop-occluded-reversed":
        return _twins(arm, train_set(root, "drop-occluded", scene, seed, images), "reverse")
    pool = _drawn(root, "natural-pool", scene, _TRAIN, seed, images)
    if arm == "all":
        return pool
    out = pool.folder.with_name(f"{arm}-{_digest(pool.folder.name, images, asdict(FILTERS[arm]))}")
    if not out.exists():
        pool = _grown(pool, arm, images)
        if arm == "drop-occluded-dense":  # no rule that a dataset can state
            write_part(pool, _chosen(pool, arm, images), None, out)
        else:
            filter_copy(pool, FILTERS[arm], out)
    return Dataset(out)


def val_set(root: Path, scene: SceneSettings, seed: int, images: int) -> Dataset:
    """Returns the natural images that choose every model's best epoch and threshold."""
    return _drawn(root, "val", scene, _VAL, seed, images)


def make_test_sets(root: Path, scene: SceneSettings, seed: int, images: int) -> dict[str, Dataset]:
    """Returns the test sets by name, as ``docs/study.md`` describes them."""
    natural = _drawn(root, "test-natural", scene, _TEST, seed, images)
    return {
        "clean": _drawn(root, "test-clean", _without_dial(scene, max_occlusion=0.0), _TEST, seed + 1, images),
        "natural": natural,
        "dialled": _drawn(root, "test-dialled", _without_dial(scene, occlusion_bins=True), _TEST, seed + 2, images),
        "removed": _twins("test-removed", natural, "remove"),
        "reversed": _twins("test-reversed", natural, "reverse"),
    }


def hidden_pixels(rows: Iterable[Row]) -> int:
    """Returns how many pixels of shapes of any kind are hidden in some images."""
    return sum(shape["amodal_area"] - shape["visible_area"] for row in rows for shape in row["instances"])


def _without_dial(scene: SceneSettings, **changes: Any) -> SceneSettings:
    natural: dict[str, Any] = {"max_occlusion": 1.0, "occlusion_rates": (), "occlusion_bins": False}
    return replace(scene, **(natural | changes))


def _drawn(root: Path, name: str, scene: SceneSettings, splits: SplitSettings, seed: int, images: int) -> Dataset:
    settings = DatasetSettings(scene, splits)
    folder = root / f"{name}-{_digest(asdict(settings), seed, images)}"
    if not folder.exists():
        create_dataset(folder, num_images=images, seed=seed, settings=settings)
    return Dataset(folder)


def _twins(name: str, data: Dataset, change: Change) -> Dataset:
    folder = data.folder.with_name(f"{name}-{_digest(data.folder.name)}")
    if not folder.exists():
        write_twins(data, change, folder)
    return Dataset(folder)


def _grown(pool: Dataset, arm: ArmName, images: int) -> Dataset:
    """Appends to a pool until it holds enough images for an arm."""
    while (found := len(_chosen(pool, arm, images))) < images:
        if len(pool) > _FEWEST * max(found, images / 2):
            raise InputError(
                f"{arm} leaves too few images of such scenes",
                received=f"{found} of {len(pool)}, {images} wanted",
                fix="Leave this arm out, or draw fewer or smaller shapes",
            )
        append_samples(pool.folder, num_images=images)
        pool = Dataset(pool.folder)
    return pool


def _chosen(pool: Dataset, arm: ArmName, images: int) -> list[Row]:
    """Returns the rows that an arm takes of a pool whose first images are those of the arm ``all``."""
    try:
        rows = plan_filter(pool, FILTERS[arm]).rows
    except InputError:  # none at all
        return []
    return _overlapping(rows, hidden_pixels(pool.rows[:images]) / images) if arm == "drop-occluded-dense" else rows


def _overlapping(rows: Sequence[Row], mean: float) -> list[Row]:
    """Takes each row with which those taken so far hide at least as many pixels an image, in their mean."""
    taken: list[Row] = []
    total = 0
    for row in rows:
        hidden = hidden_pixels([row])
        if total + hidden >= mean * (len(taken) + 1):
            taken.append(row)
            total += hidden
    return taken


def _digest(*content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:10]
