"""The options of the study of occlusion."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from shapeseg.architectures import check_known
from shapeseg.errors import UsageError
from shapeseg.scenes import SceneSettings
from shapeseg.settings import CommonOptions, check_range
from shapeseg.training.settings import TrainingSettings

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

_QUICK = {"seeds": 2, "train_images": 60, "val_images": 20, "test_images": 40}
_QUICK_SCENE = SceneSettings(width=96, height=96, min_size=9, max_size=17)
_QUICK_EPOCHS = 4


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
    seeds: int = 5
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
    scene: SceneSettings = SceneSettings()
    training: TrainingSettings = field(default_factory=_usual_training)

    def __post_init__(self) -> None:
        check_known(self.model)
        for name, usual in (("seeds", 5), ("train_images", 720), ("val_images", 90), ("test_images", 300), ("jobs", 2)):
            check_range(name, getattr(self, name), least=1, fix=f"Try {usual}")
        check_range("data_seed", self.data_seed, least=0, below=2**63, fix="Try 1000")
        if BASE not in self.arms or len(set(self.arms)) < max(len(self.arms), 2):
            raise UsageError(
                f"arms are different, and compared with {BASE}",
                received=" ".join(self.arms) or "none",
                fix=f"Name {BASE} and others",
            )
        if self.training.target != "visible":
            raise UsageError("the study is of visible rectangles", received="target=amodal", fix="Leave --target out")

    def lowered(self) -> StudyOptions:
        """Returns what to do: with ``quick``, options that are at their defaults are lowered."""
        if not self.quick:
            return self
        usual = StudyOptions()
        small: dict[str, Any] = {name: value for name, value in _QUICK.items() if getattr(self, name) == getattr(usual, name)}
        training, scene = self.training, self.scene
        if training.epochs == usual.training.epochs:
            training = replace(training, epochs=_QUICK_EPOCHS)
        return replace(self, **small, training=training, scene=_QUICK_SCENE if scene == usual.scene else scene)
