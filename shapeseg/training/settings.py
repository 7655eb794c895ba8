"""How a model is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from shapeseg.datasets.augmentation import OF_PHOTOGRAPHS, OF_SHAPES, Augmentation
from shapeseg.errors import UsageError
from shapeseg.scenes.scene import Target
from shapeseg.settings import check_range, check_seed
from shapeseg.value_types import check_types

LossName = Literal["bce+dice", "bce+decidable-dice", "bce", "dice", "focal", "tversky", "boundary"]
Ambiguous = Literal["exclude", "hard", "exact"]
WITHOUT_PROBABILITIES: tuple[LossName, ...] = ("dice", "tversky")
"""Losses that no exact probability can be learned by; in ``bce+dice`` the cross-entropy pulls the other way."""
Schedule = Literal["linear", "cosine", "constant", "plateau"]
Precision = Literal["float32", "bfloat16", "float16"]
TrackerName = Literal["none", "tensorboard", "wandb"]


class Taught(NamedTuple):
    """A loss, and what it does with ambiguous pixels; of the names of the settings."""

    loss: LossName
    ambiguous: Ambiguous
    ambiguous_weight: float


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that determines the training, together with a dataset and an architecture."""

    epochs: int = 22
    """Passes over the train split; --max-minutes replaces it."""
    batch_size: int = 4
    """Images a step; small batches make more steps, which is worth more here than exact gradients."""
    learning_rate: float = 8e-3
    """Peak learning rate of Adam."""
    schedule: Schedule = "linear"
    """How the rate falls: linear or cosine to zero over all epochs, constant, or ten times lower on a plateau of val IoU."""
    warmup_epochs: float = 0.0
    """Epochs over which the rate first rises from zero."""
    loss: LossName | None = None
    """Cross-entropy (bce), soft Dice (of decidable pixels alone), sums, focal, Tversky, or bce weighted more at borders.
    By default bce where exact probabilities are learned, else bce+dice."""
    ambiguous: Ambiguous | None = None
    """For pixels whose label the image cannot tell: exclude them, learn the drawn label, or learn the exact probability.
    By default exact where the probabilities are known, else exclude."""
    ambiguous_weight: float | None = None
    """Weight of such a pixel in the cross-entropy relative to other pixels, where it is not excluded. By default 4 for
    exact probabilities, else 1; more makes a model more honest about them, and worse on other pixels."""
    target: Target = "visible"
    """What to segment: visible rectangle pixels, or whole rectangles behind their occluders too (amodal)."""
    augmentation: tuple[Augmentation, ...] | None = None
    """Changes to training images: turn (and mirror), recolor, noise, paste (one more shape in front), flip (left to right),
    light (brightness, contrast), scale; by default turn recolor paste for shapes, flip light scale for your own images."""
    crop: int | None = None
    """Train on square patches with sides of this many pixels, at random places; 0 uses whole images; default: by the data."""
    resize: int | None = None
    """Scale images so that their longer side has this many pixels, in prediction too; 0 does not; default: as for --crop."""
    patience: int = 50
    """Epochs without a better val IoU before training stops."""
    clip_norm: float | None = None
    """Largest gradient norm that is applied unchanged; larger gradients are scaled down."""
    accumulate: int = 1
    """Steps whose gradients are averaged before they are applied."""
    precision: Precision = "float32"
    """Precision of most computation; weights and the saved model are always float32."""
    deterministic: bool = False
    """Refuse kernels whose results differ between runs (on a GPU; a CPU has none here)."""
    seed: int = 0
    """Seed of the initial weights, the order of the samples and their augmentation."""

    def taught(self, *, known: bool) -> Taught:
        """Returns the loss and what it does with ambiguous pixels, where the data decides what was left open.

        Args:
            known: Whether it is known of the data how probable each label is.
        """
        ambiguous = self.ambiguous or ("exact" if known and self.loss not in WITHOUT_PROBABILITIES else "exclude")
        exact = ambiguous == "exact" and self.target == "visible"  # of whole rectangles no pixel is ambiguous
        weight = self.ambiguous_weight or (4.0 if exact else 1.0)
        return Taught(self.loss or ("bce" if exact else "bce+dice"), ambiguous, weight)

    def augmented(self, *, own: bool) -> tuple[Augmentation, ...]:
        """Returns what is done to training images; what was left open is as usual for the user's own images, or for shapes."""
        usual = OF_PHOTOGRAPHS if own else OF_SHAPES
        return usual if self.augmentation is None else self.augmentation

    def settled(self, *, known: bool, own: bool = False) -> TrainingSettings:
        """Returns these settings with nothing left open but sizes; see :meth:`taught` and :meth:`augmented`."""
        return replace(self, **self.taught(known=known)._asdict(), augmentation=self.augmented(own=own))

    @property
    def rate_is_scheduled(self) -> bool:
        """Whether the learning rate follows a schedule of the steps; else callbacks may set it."""
        return self.schedule in ("linear", "cosine") or self.warmup_epochs > 0

    def __post_init__(self) -> None:
        check_types(self)
        for name in ("epochs", "batch_size", "patience", "accumulate"):
            check_range(name, getattr(self, name), least=1)
        check_range("learning_rate", self.learning_rate, above=0, fix="Try 0.008")
        check_range("warmup_epochs", self.warmup_epochs, least=0, below=self.epochs, fix="Try 1, and fewer than epochs")
        check_range("clip_norm", self.clip_norm, above=0, fix="Try 1")
        for name in ("crop", "resize"):
            if getattr(self, name):  # 0 is none
                check_range(name, getattr(self, name), least=16, most=4096, fix="Try 256, or 0 for none")
        check_range("ambiguous_weight", self.ambiguous_weight, above=0, fix="Try 1")
        if self.ambiguous == "exclude" and self.ambiguous_weight not in (None, 1):
            raise UsageError(
                "ambiguous pixels that are excluded have no weight",
                received=f"ambiguous=exclude, ambiguous_weight={self.ambiguous_weight}",
                fix="Leave --ambiguous-weight out, or add --ambiguous exact",
            )
        if self.ambiguous == "exact" and self.loss in WITHOUT_PROBABILITIES:
            raise UsageError(
                "this loss pushes probabilities to 0 or 1, whatever they are",
                received=f"ambiguous=exact, loss={self.loss}",
                fix="Use --loss bce+decidable-dice, or --ambiguous hard",
            )
        check_seed(self.seed)
        if self.schedule == "plateau" and self.warmup_epochs > 0:
            raise UsageError(
                "warmup_epochs cannot be combined with a plateau",
                received=f"warmup_epochs={self.warmup_epochs}",
                fix="Use another --schedule",
            )
