"""The options of the study of occlusion."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from shapeseg.architectures import check_known
from shapeseg.errors import UsageError
from shapeseg.scenes import SceneSettings
from shapeseg.settings import CommonOptions
from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.study.sizes import QUICK, check_sizes, check_target, lowered

ArmName = Literal[
    "all",
    "drop-occluded",
    "drop-occluded-reversed",
    "drop-occluded-dense",
    "drop-beyond",
    "ignore-occluded",
    "no-overlap",
    "heavy",
]

BASE: Final = "all"
"""The arm that the others are compared with."""

_QUICK = {**QUICK, "scene": SceneSettings(width=96, height=96, min_size=9, max_size=17)}


def _usual_training() -> TrainingSettings:
    # Nothing is pasted: that hides shapes, and would bring back what an arm has removed.
    # Ambiguous pixels are left out: how probable their labels are depends on the rule of a training set, and so on the arm.
    return TrainingSettings(epochs=8, loss="bce+dice", ambiguous="exclude", augmentation=("turn", "recolor"))


@dataclass(frozen=True)
class StudyOptions(CommonOptions):
    """Train models on matched sets with and without occlusion, and measure the effect. Run it again to continue."""

    out: Path = Path("reports/study")
    """Folder of data, models and results; an interrupted study continues where it stopped."""
    arms: tuple[ArmName, ...] = get_args(ArmName)
    """What to train on: all (natural images), without occluded images, and so on; docs/study.md describes each."""
    seeds: int = 5
    """Models per arm; each has its own training images, initial weights and order."""
    train_images: int = 720
    """Images that each model learns from."""
    val_images: int = 90
    """Natural images used to choose the best epoch and the threshold of every model."""
    test_images: int = 300
    """Images of each test set."""
    data_seed: int = 1000
    """Seed of the test sets; the other seeds follow from it."""
    jobs: int = 2
    """Trainings that run at once, each with one thread, so that results do not depend on this."""
    quick: bool = False
    """A quick look in minutes: few small images, few epochs, two seeds, instead of the defaults. Its numbers mean little."""
    model: str = "unet"
    """Architecture, by name."""
    widths: tuple[int, ...] = ()
    """Channels of each level of the network; by default the architecture's own."""
    scene: SceneSettings = SceneSettings()
    training: TrainingSettings = field(default_factory=_usual_training)

    def __post_init__(self) -> None:
        check_known(self.model)
        check_sizes(self)
        if BASE not in self.arms or len(set(self.arms)) < max(len(self.arms), 2):
            raise UsageError(
                f"arms are different, and compared with {BASE}",
                received=" ".join(self.arms) or "none",
                fix=f"Name {BASE} and others",
            )
        check_target(self.training)

    def lowered(self) -> StudyOptions:
        """Returns what to do: with ``quick``, options that are at their defaults are lowered."""
        return lowered(self, _QUICK)
