"""The study of occlusion from end to end: data, trainings, measurements, results. What is done is not done again."""

from __future__ import annotations

from pathlib import Path

from shapeseg.datasets import Dataset
from shapeseg.terminal import progress_bar
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.study.arms import TESTS, make_test_sets, train_set, val_set
from shapeseg.workflows.study.cells import make_cell, train_cells
from shapeseg.workflows.study.composition import composition
from shapeseg.workflows.study.folder import study_folder
from shapeseg.workflows.study.measure import measure_cell
from shapeseg.workflows.study.results import study_results, write_study
from shapeseg.workflows.study.settings import StudyOptions
from shapeseg.workflows.study.tables import summary

NAMES = ("study.json", "study.md", "matrix.png", "order.png", "response.png", "worst.png")

_FIRST_VAL, _FIRST_TRAIN = 4, 5  # added to the data seed; the test sets come before


def study(options: StudyOptions) -> Path:
    """Does what is left to do, writes the results, and returns their folder. Keras must be ready."""
    options = options.lowered()
    with study_folder(options.out, "study", options, {"arms", "seeds", "test_images"}) as lock:
        data, seeds = options.out / "data", range(options.seeds)
        with progress_bar("drawing", 2 + len(options.arms) * options.seeds, "dataset") as progress:
            tests = make_test_sets(data, options.scene, options.data_seed, options.test_images)
            progress(1)
            val = val_set(data, options.scene, options.data_seed + _FIRST_VAL, options.val_images)
            progress(1)
            train = {}
            for arm in options.arms:
                for seed in seeds:
                    own = options.data_seed + _FIRST_TRAIN + seed
                    made = train_set(data, arm, options.scene, own, options.train_images)
                    train[arm, seed] = made.first(options.train_images)
                    progress(1)
        with progress_bar("counting", len(options.arms), "arm") as progress:
            training_sets = {}
            for arm in options.arms:
                training_sets[str(arm)] = composition([train[arm, seed] for seed in seeds])
                progress(1)
        cells = {
            (arm, seed): make_cell(options.out / "cells", arm, seed, _training(options, own, val))
            for (arm, seed), own in train.items()
        }
        print(f"training  {len(cells)} models, {options.jobs} at a time, into {options.out / 'cells'}")
        with progress_bar("training", len(cells), "model") as progress:
            train_cells(list(cells.values()), options.jobs, lock, progress)
        with progress_bar("measuring", len(cells) * len(TESTS), "test set") as progress:
            scores = {key: measure_cell(cell.run, tests, progress) for key, cell in cells.items()}
        results = study_results(options, training_sets, tests, cells, scores)
        write_study(options.out, results, tests, cells)
    print(summary(results))
    print(f"wrote {', '.join(str(options.out / name) for name in NAMES)}")
    return options.out


def _training(options: StudyOptions, train: Dataset, val: Dataset) -> TrainOptions:
    return TrainOptions(
        data=train.folder,
        val_data=val.folder,
        train_images=options.train_images,
        model=options.model,
        widths=options.widths,
        training=options.training,
    )
