"""The data of the occlusion study: a training set an arm and seed, one val set, and the test sets that every model meets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from shapeseg.datasets import Dataset, DatasetSettings, SplitSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import filter_copy, plan_filter
from shapeseg.datasets.samples import encode_row
from shapeseg.datasets.twin import write_twins
from shapeseg.errors import InputError
from shapeseg.scenes import SceneSettings
from shapeseg.scenes.rule import FilterSettings
from shapeseg.workflows.study.record import Composition
from shapeseg.workflows.study.settings import ArmName

FILTERS = {
    "drop-occluded": FilterSettings("drop-occluded"),
    "drop-beyond": FilterSettings("drop-beyond", 0.25),
    "ignore-occluded": FilterSettings("ignore-occluded", 0.25),
}
HEAVY = (0.4, 0.6, 0.8)
"""Occlusion rates of the three rectangles that each image of the arm ``heavy`` holds hidden."""

TESTS = ("clean", "natural", "dialled", "removed")

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
    pool = _drawn(root, "natural-pool", scene, _TRAIN, seed, images)
    if arm == "all":
        return pool
    settings = FILTERS[arm]
    out = pool.folder.with_name(f"{arm}-{_digest(pool.folder.name, images, asdict(settings))}")
    if not out.exists():
        filter_copy(_grown(pool, settings, images), settings, out)
    return Dataset(out)


def val_set(root: Path, scene: SceneSettings, seed: int, images: int) -> Dataset:
    """Returns the natural images that choose every model's best epoch and threshold."""
    return _drawn(root, "val", scene, _VAL, seed, images)


def make_test_sets(root: Path, scene: SceneSettings, seed: int, images: int) -> dict[str, Dataset]:
    """Returns the test sets by name: no overlap, natural, dialled to every bin alike, natural without its occluders."""
    natural = _drawn(root, "test-natural", scene, _TEST, seed, images)
    removed = natural.folder.with_name(f"test-removed-{_digest(natural.folder.name)}")
    if not removed.exists():
        write_twins(natural, "remove", removed)
    return {
        "clean": _drawn(root, "test-clean", _without_dial(scene, max_occlusion=0.0), _TEST, seed + 1, images),
        "natural": natural,
        "dialled": _drawn(root, "test-dialled", _without_dial(scene, occlusion_bins=True), _TEST, seed + 2, images),
        "removed": Dataset(removed),
    }


def rows_digest(data: Dataset) -> str:
    """Returns the SHA-256 of what is in a dataset, or in the part of it that counts, files included."""
    return hashlib.sha256(b"".join(map(encode_row, data.rows))).hexdigest()


def composition(sets: Sequence[Dataset]) -> Composition:
    """Returns what an image of training sets holds in the mean, and which share of its rectangles is hidden."""
    rows = [row for data in sets for row in data.rows]
    targets = [each for row in rows for each in row["instances"] if each["kind"] in row.get("target_kinds", ["rectangle"])]
    counted = [each for each in targets if not each.get("ignored")]
    return {
        "images": len(rows) / len(sets),
        "shapes_per_image": sum(len(row["instances"]) for row in rows) / len(rows),
        "rectangles_per_image": len(counted) / len(rows),
        "hidden_at_all": sum(each["occlusion_rate"] > 0 for each in counted) / max(len(counted), 1),
        "hidden_by_more_than_a_quarter": sum(each["occlusion_rate"] > 0.25 for each in counted) / max(len(counted), 1),
        "rectangle_pixels_per_image": sum(each["visible_area"] for each in counted) / len(rows),
    }


def _without_dial(scene: SceneSettings, **changes: Any) -> SceneSettings:
    natural: dict[str, Any] = {"max_occlusion": 1.0, "occlusion_rates": (), "occlusion_bins": False}
    return replace(scene, **(natural | changes))


def _drawn(root: Path, name: str, scene: SceneSettings, splits: SplitSettings, seed: int, images: int) -> Dataset:
    settings = DatasetSettings(scene, splits)
    folder = root / f"{name}-{_digest(asdict(settings), seed, images)}"
    if not folder.exists():
        create_dataset(folder, num_images=images, seed=seed, settings=settings)
    return Dataset(folder)


def _grown(pool: Dataset, settings: FilterSettings, images: int) -> Dataset:
    """Appends to a pool until enough of its images pass a filter."""
    while (passing := _passing(pool, settings)) < images:
        if len(pool) > _FEWEST * max(passing, images / 2):
            raise InputError(
                f"{settings.way} leaves too few images of such scenes",
                received=f"{passing} of {len(pool)}, {images} wanted",
                fix="Leave this arm out, or draw fewer or smaller shapes",
            )
        append_samples(pool.folder, num_images=images)
        pool = Dataset(pool.folder)
    return pool


def _passing(pool: Dataset, settings: FilterSettings) -> int:
    try:
        return len(plan_filter(pool, settings).rows)
    except InputError:  # none at all
        return 0


def _digest(*content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:10]
