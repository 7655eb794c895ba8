"""The card beside a model: ``model.json`` says what the model is, what made it, and which file it speaks of."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

from shapeseg import files
from shapeseg.card_files import read_card_file
from shapeseg.errors import UsageError
from shapeseg.models.golden import GoldenOutput
from shapeseg.models.registry import Architecture
from shapeseg.scenes.scene import Target
from shapeseg.settings import check_range

FORMAT = "shapeseg-model"


@dataclass(frozen=True)
class Card:
    """What is known of a saved model.

    Attributes:
        architecture: From which the network is rebuilt.
        sha256: Of the model file.
        previous_sha256: Of the model that this one replaces; a kill between writing the card and the model leaves that one.
        threshold: Probability from which a pixel counts as rectangle, chosen on the val split.
        data: Folder and digest of the dataset it was trained on.
        scores: Measured when it was saved.
        versions: Of the packages that made it.
        command: The exact command.
        golden: What it gave for a known scene when it was saved (:mod:`shapeseg.models.golden`); None in old cards.
        format: Always ``shapeseg-model``.
        format_version: Of this card.
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
        if self.data.get("target", "visible") not in get_args(Target):
            raise UsageError("target must be visible or amodal", received=self.data["target"], fix="Use one of the two")

    def write(self, model_path: Path) -> None:
        """Writes the card beside its model."""
        files.write_json(card_path(model_path), asdict(self))


def card_path(model_path: Path) -> Path:
    """Returns where the card of a model is."""
    return model_path.with_suffix(".json")


def read_card(model_path: Path) -> Card | None:
    """Reads the card beside a model; None when there is none of ours.

    Raises:
        ModelRefusedError: If there is one, but it is damaged.
    """
    return read_card_file(Card, FORMAT, card_path(model_path), fix="Restore the card that was saved beside it")


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
