"""The options of a search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapeseg.architectures import check_known
from shapeseg.environment import Device
from shapeseg.errors import UsageError
from shapeseg.folders import whole_path
from shapeseg.settings import CommonOptions, check_range, check_seed
from shapeseg.value_types import check_types
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.tuning.objective import OBJECTIVES, Objective, ObjectiveName
from shapeseg.workflows.tuning.space import SearchSpace, train_options


@dataclass(frozen=True)
class TuneOptions(CommonOptions):
    """Search for better settings: trials learn from train and are compared on val. Run it again to continue a search."""

    data: Path = Path("data/shapes")
    """Dataset to learn from; "none" draws fresh scenes."""
    out: Path | None = None
    """Folder of the search, whose name is also the study's; by default tuning/MODEL."""
    trials: int = 30
    """Number of trials in the study in total, whichever process runs them."""
    timeout: float | None = None
    """Minutes after which no further trial starts."""
    model: str = "unet"
    """Architecture, by name; segformer and keras_cv_deeplab_v3_plus need their own --widths."""
    epochs: int = 8
    """Epochs of a trial."""
    objective: ObjectiveName = "iou"
    """Score for comparing trials on val: the rectangle IoU, or the log loss on ambiguous pixels."""
    seed: int = 0
    """Seed of every training, and of the settings tried."""
    startup_trials: int = 8
    """Random trials, all run to the end, before any is pruned or the search learns from results."""
    storage: str | None = None
    """URL of a database that several machines share, as Optuna takes it; by default SQLite, in study.db in --out."""
    heartbeat: int = 20
    """Seconds between heartbeats of a running trial; one that misses three counts as failed."""
    device: Device = "auto"
    """Where to compute."""
    space: SearchSpace = SearchSpace()

    def __post_init__(self) -> None:
        check_known(self.model)
        check_types(self)
        for name in ("trials", "epochs", "startup_trials", "heartbeat"):
            check_range(name, getattr(self, name), least=1, fix="Try the default")
        check_seed(self.seed)
        check_range("timeout", self.timeout, above=0, fix="Try 60")
        if self.storage is None and "?" in str(whole_path(self.folder)):  # the rest would be options of the database
            raise UsageError(
                "a study's folder must have no ? in its name", received=self.folder, fix="Name another, or a --storage"
            )

    @property
    def folder(self) -> Path:
        """Where the search is."""
        return self.out or Path("tuning") / self.model

    @property
    def name(self) -> str:
        """Name of the study."""
        return whole_path(self.folder).name

    @property
    def storage_url(self) -> str:
        """Where the study is."""
        return self.storage or f"sqlite:///{whole_path(self.folder)}/study.db"

    @property
    def compared_by(self) -> Objective:
        """What the objective is."""
        return OBJECTIVES[self.objective]

    def trial_folder(self, number: int) -> Path:
        """Where a trial is."""
        return self.folder / "trials" / f"{number:04d}"

    def training(self, values: dict[str, Any]) -> TrainOptions:
        """Returns the training that a trial's values mean."""
        return train_options(values, data=self.data, model=self.model, epochs=self.epochs, seed=self.seed, device=self.device)
