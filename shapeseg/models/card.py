"""The card next to a model: ``model.json`` says what the model is, what made it, and which file it speaks of."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shapeseg import files
from shapeseg.card_files import check_digest, check_numbers, digest, read_card_file, read_model_bytes
from shapeseg.description import Description
from shapeseg.errors import UsageError
from shapeseg.models.golden import GoldenOutput
from shapeseg.models.registry import Architecture
from shapeseg.scenes.scene import Target
from shapeseg.settings import check_range, settings_from_dict

FORMAT = "shapeseg-model"

_PACKAGE = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class TrainedOn:
    """What a card may say of the dataset that its model was trained on.

    Attributes:
        folder: Where it was.
        sha256: SHA-256 of its content; ``none`` for fresh scenes.
        images: How many.
        target: What was to be found in them.
        own: Description of the user's own data; nothing is said of a dataset made by shapeseg.
        resize: Pixels of the longer side of images, which are scaled for the model; None takes them as they are.
    """

    folder: str = ""
    sha256: str = "none"
    images: int = 0
    target: Target = "visible"
    own: Description = Description()
    resize: int | None = None

    def __post_init__(self) -> None:
        if "\0" in self.folder:
            raise UsageError("no folder can have this name", received=repr(self.folder), fix="Save the model again")
        if self.sha256 != "none":
            check_digest("the dataset's sha256", self.sha256)
        check_range("images", self.images, least=0, below=2**63)
        check_range("resize", self.resize, least=16, most=4096)


@dataclass(frozen=True)
class Card:
    """What is known of a saved model.

    Attributes:
        architecture: From which the network is rebuilt.
        sha256: SHA-256 of the model file.
        previous_sha256: SHA-256 of the model that this one replaces, left by a kill between writing card and model.
        threshold: Probability from which a pixel counts as rectangle, chosen on the val split.
        data: What it was trained on, as plain values of :class:`TrainedOn`.
        scores: Measured when it was saved: numbers, and ``split`` and ``holdout`` next to them.
        versions: Versions of the packages that made it.
        command: The exact command.
        golden: What it gave for a known scene when it was saved (:mod:`shapeseg.models.golden`); None in old cards.
        format: Always ``shapeseg-model``.
        format_version: Version of this card.
    """

    architecture: Architecture
    sha256: str = ""
    previous_sha256: str | None = None
    threshold: float = 0.5
    data: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    command: str = ""
    golden: GoldenOutput | None = None
    format: str = FORMAT
    format_version: int = 1

    def __post_init__(self) -> None:
        check_range("threshold", self.threshold, above=0, below=1)
        check_range("format_version", self.format_version, least=1, most=1, fix="Update shapeseg")
        self.architecture.typed_settings()  # a network that cannot be built is told now
        for name, value in (("sha256", self.sha256), ("previous_sha256", self.previous_sha256)):
            if value:
                check_digest(name, value)
        settings_from_dict(TrainedOn, self.data)
        check_numbers("scores", self.scores)
        for name, value in self.scores.items():
            if not isinstance(value, {"split": str, "holdout": dict}.get(name, int | float | None)):
                raise UsageError("scores must be numbers", received=f"{name}={value!r:.60}", fix="Save the model again")
        for package in self.versions:
            if not _PACKAGE.fullmatch(package):
                raise UsageError("no package can have this name", received=repr(package), fix="Save the model again")

    @property
    def trained_on(self) -> TrainedOn:
        """What the model was trained on."""
        return settings_from_dict(TrainedOn, self.data)

    def write(self, model_path: Path) -> None:
        """Writes the card next to its model."""
        files.write_json(card_path(model_path), asdict(self))


def card_path(model_path: Path) -> Path:
    """Returns where the card of a model is."""
    return model_path.with_suffix(".json")


def read_card(model_path: Path) -> Card | None:
    """Reads the card next to a model; None if shapeseg has written none.

    Raises:
        ModelRefusedError: If there is one, but it is damaged.
    """
    return read_card_file(Card, FORMAT, card_path(model_path), fix="Restore the card that was saved with it")


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a model file.

    Raises:
        ModelRefusedError: If it is a link, not a regular file or too large.
    """
    return digest(read_model_bytes(path))
