"""``study``: models trained with and without occlusion, measured on the same test sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, get_args

import tyro

from shapeseg import files
from shapeseg.commands.command_line import CommonOptions, options_to_dict, run
from shapeseg.commands.keras_backend import prepare_keras
from shapeseg.commands.progress import progress_bar
from shapeseg.commands.result_folder import take_folder
from shapeseg.commands.study_data import TESTS, ArmName
from shapeseg.datasets.lock import writer_lock
from shapeseg.errors import UsageError
from shapeseg.evaluation.study_matrix import BASE
from shapeseg.scenes import SceneSettings
from shapeseg.training.settings import TrainingSettings

NAMES = ("study.json", "study.md", "matrix.png", "response.png", "worst.png")
_OWN = {*NAMES, "data", "cells", "config.json", ".lock"}


def _usual_training() -> TrainingSettings:
    # Nothing is pasted: that hides shapes, and would bring back what an arm has removed.
    return TrainingSettings(epochs=8, augmentation=("turn", "recolor"))


@dataclass(frozen=True)
class StudyOptions(CommonOptions):
    """Train models on matched sets with and without occlusion, and measure what that does. Run it again to go on."""

    out: Path = Path("reports/study")
    """Folder of data, models and results; an interrupted study goes on where it was."""
    arms: tuple[ArmName, ...] = get_args(ArmName)
    """What to train on: all (natural images), without occluded images, and so on; docs/study.md describes each."""
    seeds: int = 3
    """Models an arm; each has its own training images, first weights and order."""
    train_images: int = 720
    """Images that each model learns from."""
    val_images: int = 90
    """Natural images that choose the best epoch and the threshold of every model."""
    test_images: int = 300
    """Images of each test set."""
    data_seed: int = 1000
    """Seed of the test sets; those of the others follow it."""
    jobs: int = 2
    """Trainings at a time, each with one thread, so that results do not depend on this."""
    quick: bool = False
    """A look in minutes: few small images, few epochs, two seeds, in place of defaults. Its numbers mean little."""
    model: str = "unet"
    """Architecture, by name."""
    widths: tuple[int, ...] = ()
    """Channels of each level of the network; empty takes the architecture's own."""
    scene: Annotated[SceneSettings, tyro.conf.arg(name="")] = SceneSettings()
    training: Annotated[TrainingSettings, tyro.conf.arg(name="")] = field(default_factory=_usual_training)

    def __post_init__(self) -> None:
        for name, usual in (("seeds", 3), ("train_images", 720), ("val_images", 90), ("test_images", 300), ("jobs", 2)):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more", received=f"{name}={getattr(self, name)}", fix=f"Try {usual}")
        if not 0 <= self.data_seed < 2**63:
            raise UsageError("data_seed is from 0 to 2**63 - 1", received=f"data_seed={self.data_seed}", fix="Try 1000")
        if BASE not in self.arms or len(set(self.arms)) < max(len(self.arms), 2):
            raise UsageError(
                f"arms are different, and compared with {BASE}",
                received=" ".join(self.arms) or "none",
                fix=f"Name {BASE} and others",
            )
        if self.training.target != "visible":
            raise UsageError("the study is of visible rectangles", received="target=amodal", fix="Leave --target out")


_QUICK = {"seeds": 2, "train_images": 60, "val_images": 20, "test_images": 40}
_QUICK_SCENE = SceneSettings(width=96, height=96, min_size=9, max_size=17)
_QUICK_EPOCHS = 4


def study(options: StudyOptions) -> Path:
    """Does what is left to do, writes the results, and returns their folder."""
    prepare_keras()
    from shapeseg.commands.study_cells import make_cell, train_cells
    from shapeseg.commands.study_data import make_test_sets, train_set, val_set
    from shapeseg.commands.study_files import study_results, write_study
    from shapeseg.commands.study_measure import measure_cell
    from shapeseg.reporting.study_tables import summary

    options = _quick(options) if options.quick else options
    _make_folder(options.out)
    with writer_lock(options.out) as lock:
        files.write_json(options.out / "config.json", options_to_dict(options))
        data, seeds = options.out / "data", range(options.seeds)
        with progress_bar("drawing", 2 + len(options.arms) * options.seeds, "dataset") as progress:
            tests = make_test_sets(data, options.scene, options.data_seed, options.test_images)
            progress(1)
            val = val_set(data, options.scene, options.data_seed + len(tests), options.val_images)
            progress(1)
            train = {}
            for arm in options.arms:
                for seed in seeds:
                    own = options.data_seed + len(tests) + 1 + seed
                    train[arm, seed] = train_set(data, arm, options.scene, own, options.train_images)
                    progress(1)
        cells = {
            (arm, seed): make_cell(options, options.out / "cells", arm, seed, train[arm, seed], val)
            for arm in options.arms
            for seed in seeds
        }
        print(f"training  {len(cells)} models, {options.jobs} at a time, into {options.out / 'cells'}")
        with progress_bar("training", len(cells), "model") as progress:
            train_cells(list(cells.values()), options.jobs, lock, progress)
        with progress_bar("measuring", len(cells) * len(TESTS), "test set") as progress:
            scores = {key: measure_cell(cell.run, tests, progress) for key, cell in cells.items()}
        part = {key: each.first(options.train_images) for key, each in train.items()}
        results = study_results(options, part, tests, cells, scores)
        write_study(options.out, results, tests, cells)
    print(summary(results))
    print(f"wrote {', '.join(str(options.out / name) for name in NAMES)}")
    return options.out


def _quick(options: StudyOptions) -> StudyOptions:
    """Lowers what is left at its default."""
    usual = StudyOptions()
    small = {name: value for name, value in _QUICK.items() if getattr(options, name) == getattr(usual, name)}
    training, scene = options.training, options.scene
    if training.epochs == usual.training.epochs:
        training = replace(training, epochs=_QUICK_EPOCHS)
    return replace(options, **small, training=training, scene=_QUICK_SCENE if scene == usual.scene else scene)  # type: ignore[arg-type]


def _make_folder(out: Path) -> None:
    """Makes the study's folder, or takes one that holds a study (:func:`take_folder`)."""
    take_folder(out, "study", lambda names: {name for name in names - _OWN if files.TEMPORARY_SUFFIX not in name})
    (out / "cells").mkdir(exist_ok=True)


def _command(options: StudyOptions) -> None:
    study(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(StudyOptions, _command, argv, prog)
