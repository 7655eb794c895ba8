"""``tune``: a search for better settings of a training, which several processes and machines may share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from shapeseg.commands.command_line import CommonOptions, run
from shapeseg.commands.keras_backend import Device, prepare_keras
from shapeseg.commands.tune_space import SearchSpace, train_options
from shapeseg.errors import UsageError
from shapeseg.scenes.streams import MAX_SEED

if TYPE_CHECKING:
    import optuna

    from shapeseg.commands.train import TrainOptions


@dataclass(frozen=True)
class TuneOptions(CommonOptions):
    """Search for better settings: trials learn from train and are compared on val. An unfinished search goes on."""

    data: Path = Path("data/shapes")
    """Dataset to learn from; "none" draws fresh scenes."""
    out: Path | None = None
    """Folder of the search, whose name is the study's too; by default tuning/MODEL."""
    trials: int = 30
    """How many trials the study shall have in all, whichever process runs them."""
    timeout: float | None = None
    """Minutes after which no further trial begins."""
    model: str = "unet"
    """Architecture, by name; segformer and keras_cv_deeplab_v3_plus need --widths of their own."""
    epochs: int = 8
    """Epochs of a trial."""
    seed: int = 0
    """Seed of every training, and of what is tried."""
    startup_trials: int = 8
    """Trials at random, all run to their end, before any is pruned or choices are learned from."""
    storage: str | None = None
    """URL of a database that several machines share, as of Optuna; by default study.db in --out, by SQLite."""
    heartbeat: int = 20
    """Seconds between a running trial's signs of life; one that misses three counts as failed."""
    device: Device = "auto"
    """Where to compute."""
    space: Annotated[SearchSpace, tyro.conf.arg(name="")] = SearchSpace()

    def __post_init__(self) -> None:
        for name in ("trials", "epochs", "startup_trials", "heartbeat"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more", received=f"{name}={getattr(self, name)}", fix="Try the default")
        if not 0 <= self.seed <= MAX_SEED:
            raise UsageError("a seed is from 0 to 2**64 - 1", received=f"seed={self.seed}", fix="Choose such a value")
        if self.timeout is not None and not self.timeout > 0:
            raise UsageError("timeout must be above 0", received=self.timeout, fix="Try 60")
        if self.storage is None and "?" in str(self.folder.absolute()):  # the rest would be options of the database
            raise UsageError("a study's folder has no ? in its name", received=self.folder, fix="Name another, or a --storage")

    @property
    def folder(self) -> Path:
        """Where the search is."""
        return self.out or Path("tuning") / self.model

    @property
    def storage_url(self) -> str:
        """Where the study is."""
        return self.storage or f"sqlite:///{self.folder.absolute()}/study.db"

    def trial_folder(self, number: int) -> Path:
        """Where a trial is."""
        return self.folder / "trials" / f"{number:04d}"

    def training(self, values: dict[str, Any]) -> TrainOptions:
        """Returns the training that a trial's values mean."""
        return train_options(values, data=self.data, model=self.model, epochs=self.epochs, seed=self.seed, device=self.device)


def tune(options: TuneOptions) -> optuna.Study:
    """Runs trials until the study has as many as asked for, and returns it."""
    from shapeseg.commands.tune_study import open_study, require_optuna, told_storage_errors

    require_optuna()
    prepare_keras(device=options.device)
    from shapeseg.commands.tune_report import write_report
    from shapeseg.commands.tune_search import forget, identity, make_folder, pruner, search

    settings = identity(options)
    make_folder(options.folder)
    with told_storage_errors(options.storage_url):
        study = open_study(
            options.storage_url,
            options.folder.name,
            heartbeat=options.heartbeat,
            pruner=pruner(options),
            on_killed=lambda trial: forget(trial, options),
        )
        search(study, options, settings)
        write_report(study, options)
    return study


def _command(options: TuneOptions) -> None:
    tune(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(TuneOptions, _command, argv, prog)
