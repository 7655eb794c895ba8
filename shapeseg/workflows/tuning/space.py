"""What a search tries: for some settings of a training, the values to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from shapeseg.datasets.augmentation import OF_SHAPES, Augmentation
from shapeseg.errors import UsageError
from shapeseg.settings import check_range
from shapeseg.training.settings import Ambiguous, LossName, TrainingSettings
from shapeseg.workflows.options import TrainOptions

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class SearchSpace:
    """Values that trials choose from."""

    learning_rate: tuple[float, float] = (1e-3, 3e-2)
    """Lowest and highest peak rate of Adam; trials sample between them on a log scale."""
    batch_size: tuple[int, ...] = (4, 8, 16)
    """Images a step."""
    widths: tuple[str, ...] = ("16-16-32-48", "8-16-32-48", "16-32-64", "16-32-48-64", "8-16-32-64-64")
    """Channels of each level of the network, joined by dashes."""
    loss: tuple[LossName, ...] = tuple(name for name in get_args(LossName) if name != "bce+decidable-dice")
    """Losses, as in train; where ambiguous pixels are excluded, bce+decidable-dice is bce+dice."""
    ambiguous: tuple[Ambiguous, ...] = ("exclude",)
    """What to do with ambiguous pixels, as in train."""
    augmentation: tuple[Augmentation, ...] = ("turn", "recolor", "noise", "paste")
    """Kinds of augmentation, each tried with and without; for your own images, flip light scale are among those tried."""

    def __post_init__(self) -> None:
        low, high = self.learning_rate
        if not 0 < low <= high < float("inf"):
            raise UsageError(
                "learning rates must be above 0, the lowest first", received=self.learning_rate, fix="Try 0.001 0.03"
            )
        for name in ("batch_size", "widths", "loss", "ambiguous"):
            if not getattr(self, name):
                raise UsageError("there is nothing to choose from", received=f"{name}=()", fix="Name one value or more")
        check_range("batch_size", min(self.batch_size), least=1, fix="Try 4 8 16")
        self.networks()
        for pair in product(self.loss, self.ambiguous):
            TrainingSettings(loss=pair[0], ambiguous=pair[1])  # tells what does not go together

    def networks(self) -> list[tuple[int, ...]]:
        """Returns the widths as numbers."""
        return [_numbers(text) for text in self.widths]

    def choose(self, trial: optuna.Trial) -> dict[str, Any]:
        """Lets a trial choose; returns its values by name."""
        chosen: dict[str, Any] = {"learning_rate": trial.suggest_float("learning_rate", *self.learning_rate, log=True)}
        for name in ("batch_size", "widths", "loss", "ambiguous"):
            chosen[name] = trial.suggest_categorical(name, getattr(self, name))
        for kind in self.augmentation:
            chosen[f"with_{kind}"] = trial.suggest_categorical(f"with_{kind}", (False, True))
        return chosen

    def usual(self, widths: tuple[int, ...]) -> dict[str, Any] | None:
        """Returns what train does unasked, as values of a trial; None when the space does not hold it.

        Args:
            widths: The architecture's own.
        """
        usual = TrainingSettings().settled(known="exact" in self.ambiguous)
        text = "-".join(map(str, widths))
        low, high = self.learning_rate
        if (
            not low <= usual.learning_rate <= high
            or usual.batch_size not in self.batch_size
            or text not in self.widths
            or usual.loss not in self.loss
            or usual.ambiguous not in self.ambiguous
            or not set(OF_SHAPES) <= set(self.augmentation)
        ):
            return None
        values = {"learning_rate": usual.learning_rate, "batch_size": usual.batch_size, "widths": text}
        values |= {"loss": usual.loss, "ambiguous": usual.ambiguous}
        return values | {f"with_{kind}": kind in OF_SHAPES for kind in self.augmentation}


def train_options(values: dict[str, Any], *, data: Path, model: str, epochs: int, seed: int, **others: Any) -> TrainOptions:
    """Returns the training that a trial's values mean."""
    training = TrainingSettings(
        epochs=epochs,
        batch_size=values["batch_size"],
        learning_rate=values["learning_rate"],
        loss=values["loss"],
        ambiguous=values["ambiguous"],
        augmentation=tuple(kind for kind in get_args(Augmentation) if values.get(f"with_{kind}")),
        seed=seed,
    )
    return TrainOptions(data=data, model=model, widths=_numbers(values["widths"]), training=training, **others)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("-"))
    except ValueError:
        raise UsageError("widths must be whole numbers joined by dashes", received=text, fix="Try 16-16-32-48") from None
