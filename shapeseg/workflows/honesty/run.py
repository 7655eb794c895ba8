"""The study of honesty from end to end: data, trainings, measurements, results. What is done is not done again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shapeseg.datasets import Dataset, DatasetSettings, SplitSettings, create_dataset
from shapeseg.scenes import SceneSettings
from shapeseg.terminal import progress_bar
from shapeseg.workflows.honesty.measure import measure
from shapeseg.workflows.honesty.record import ModelScores
from shapeseg.workflows.honesty.results import honesty_results, write_honesty
from shapeseg.workflows.honesty.settings import ARMS, CROWD, FRONTIER, HonestyOptions
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.study.cells import Cell, make_cell, train_cells
from shapeseg.workflows.study.folder import study_folder

_NATURAL = SceneSettings()


def study_honesty(options: HonestyOptions) -> Path:
    """Does what is left to do, writes the results, and returns their folder. Keras must be ready."""
    options = options.lowered()
    with study_folder(options.out, "study of honesty", options, {"parts", "seeds", "frontier_images"}) as lock:
        test = _drawn(options, "test", SplitSettings(0, 0, 100, 0), 0, options.test_images)
        val = _drawn(options, "val", SplitSettings(0, 100, 0, 0), 1, options.val_images)
        cells = _cells(options, val)
        print(f"training  {len(cells)} models, {options.jobs} at a time, into {options.out / 'cells'}")
        with progress_bar("training", len(cells), "model") as progress:
            train_cells(list(cells.values()), options.jobs, lock, progress)
        scores: dict[tuple[str, int], ModelScores] = {}
        with progress_bar("measuring", len(cells), "model") as progress:
            for key, cell in cells.items():
                scores[key] = measure(cell.run, val, test)
                progress(1)
        results = honesty_results(options, test, scores)
        names = write_honesty(options.out, results)
    print(f"wrote {', '.join(str(options.out / name) for name in names)}")
    return options.out


def _cells(options: HonestyOptions, val: Dataset) -> dict[tuple[str, int], Cell]:
    """Returns every training by the name of its arm or point, and its seed; none is started yet."""
    cells: dict[tuple[str, int], Cell] = {}
    root = options.out / "cells"
    if "grid" in options.parts:
        for seed in range(options.seeds):
            train = _drawn(options, "train", SplitSettings(100, 0, 0, 0), 2 + seed, options.train_images)
            for arm in ARMS:
                training = replace(options.training, ambiguous=arm.ambiguous, loss=arm.loss, ambiguous_weight=1.0)
                asked = TrainOptions(data=train.folder, val_data=val.folder, training=training)
                cells[arm.name, seed] = make_cell(root, _as_folder(arm.name), seed, asked)
    if "frontier" in options.parts:
        for point in FRONTIER:
            scene = SceneSettings(min_instances=CROWD[0], max_instances=CROWD[1]) if point.crowded else _NATURAL
            name = "crowded" if point.crowded else "many"
            many = _drawn(options, name, SplitSettings(100, 0, 0, 0), 1000, options.frontier_images, scene)
            training = replace(
                options.training,
                ambiguous="exact",
                loss="bce",
                ambiguous_weight=point.weight,
                epochs=max(round(options.training.epochs * point.share), 1),
            )
            asked = TrainOptions(data=many.folder, val_data=val.folder, widths=point.widths, training=training)
            cells[point.name, 0] = make_cell(root, _as_folder(point.name), 0, asked)
    return cells


def _drawn(
    options: HonestyOptions, name: str, splits: SplitSettings, seed: int, images: int, scene: SceneSettings = _NATURAL
) -> Dataset:
    folder, seed = options.out / "data" / f"{name}-{options.data_seed + seed}-{images}", options.data_seed + seed
    if not folder.exists():
        create_dataset(folder, num_images=images, seed=seed, settings=DatasetSettings(scene, splits))
    return Dataset(folder)


def _as_folder(name: str) -> str:
    return name.replace(", ", "-").replace(" ", "-")
