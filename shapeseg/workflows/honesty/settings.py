"""The options of the study of honesty."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from shapeseg.errors import UsageError
from shapeseg.settings import CommonOptions
from shapeseg.training.settings import Ambiguous, LossName, TrainingSettings
from shapeseg.workflows.study.sizes import QUICK, check_sizes, check_target, lowered

Part = Literal["grid", "frontier"]

LOSSES: tuple[LossName, ...] = ("bce", "bce+dice", "bce+decidable-dice")


class Arm(NamedTuple):
    """What is done with ambiguous pixels, and by which loss."""

    ambiguous: Ambiguous
    loss: LossName

    @property
    def name(self) -> str:
        """As the tables call it."""
        return f"{self.ambiguous}, {self.loss}"


# Without ambiguous pixels there is nothing to leave out of Dice: that arm would be the same training twice.
ARMS = tuple(
    Arm(ambiguous, loss)
    for ambiguous in get_args(Ambiguous)
    for loss in LOSSES
    if (ambiguous, loss) != ("exclude", "bce+decidable-dice")
)


class Point(NamedTuple):
    """A training of the frontier: exact probabilities of many scenes, by cross-entropy alone.

    Attributes:
        weight: What an ambiguous pixel weighs relative to a decidable one.
        widths: Channels of the network.
        share: Share of the epochs that the others train.
        crowded: Learn from scenes with more shapes, which hold more ambiguous pixels.
    """

    weight: float
    widths: tuple[int, ...] = (16, 16, 32, 48)
    share: float = 1.0
    crowded: bool = False

    @property
    def name(self) -> str:
        """As tables and picture call it."""
        parts = [f"weight {self.weight:g}", f"widths {' '.join(map(str, self.widths))}"]
        parts += [f"{self.share:g} of the epochs"] if self.share != 1 else []
        parts += ["crowded scenes"] if self.crowded else []
        return ", ".join(parts)


FRONTIER = (
    Point(1),
    Point(4),
    Point(16),
    Point(4, share=0.25),
    Point(4, (24, 24, 48, 64)),
    Point(4, (24, 24, 48, 64, 96)),
    Point(1, crowded=True),
    Point(4, crowded=True),
)
CROWD = (8, 12)
"""Fewest and most shapes of a crowded scene."""

_QUICK = {**QUICK, "frontier_images": 60}
_OF_ARMS = ("loss", "ambiguous", "ambiguous_weight")


def _usual_training() -> TrainingSettings:
    return TrainingSettings(epochs=8)


@dataclass(frozen=True)
class HonestyOptions(CommonOptions):
    """Train models to exclude ambiguous pixels, or to learn them, and measure what they then predict there."""

    out: Path = Path("reports/study-honesty")
    """Folder of data, models and results; an interrupted study continues where it stopped."""
    parts: tuple[Part, ...] = get_args(Part)
    """The grid of labels and losses, the frontier of honesty against IoU, or both."""
    seeds: int = 3
    """Models per arm of the grid."""
    train_images: int = 720
    """Images that each model of the grid learns from."""
    val_images: int = 90
    """Images used to choose the best epoch, the threshold and the temperature of every model."""
    test_images: int = 300
    """Images of the test set."""
    data_seed: int = 2000
    """Seed of the test set; the other seeds follow from it."""
    frontier_images: int = 2880
    """Images that each model of the frontier learns from, in as many epochs as one of the grid."""
    jobs: int = 2
    """Trainings that run at once, each with one thread, so that results do not depend on this."""
    quick: bool = False
    """A quick look in minutes: few images, few epochs, two seeds, instead of the defaults. Its numbers mean little."""
    training: TrainingSettings = field(default_factory=_usual_training)

    def __post_init__(self) -> None:
        check_sizes(self)
        check_target(self.training)
        if not self.parts:
            raise UsageError("there is nothing to study", received="no parts", fix="Use grid, frontier or both")
        if given := [name for name in _OF_ARMS if getattr(self.training, name) is not None]:
            raise UsageError(
                "the study sets this for each arm itself",
                received=", ".join(f"{name}={getattr(self.training, name)}" for name in given),
                fix=f"Leave {' and '.join('--' + name.replace('_', '-') for name in given)} out",
            )

    def lowered(self) -> HonestyOptions:
        """Returns what to do: with ``quick``, options that are at their defaults are lowered."""
        return lowered(self, _QUICK)
