"""The card next to an exported model: ``model.onnx.json`` says what it is, where it is from, and which files it describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeseg import files
from shapeseg.card_files import check_digest, digest, read_card_file
from shapeseg.datasets.sizes import Sizes
from shapeseg.description import Description
from shapeseg.scenes.settings import MAX_SIDE
from shapeseg.settings import check_range

if TYPE_CHECKING:
    from shapeseg.scenes.scene import Target

FORMAT = "shapeseg-export"


@dataclass(frozen=True)
class ExportCard:
    """What is known of an exported model.

    Attributes:
        sha256: SHA-256 of each file, by its suffix.
        stride: What height and width must be multiples of.
        threshold: Probability from which a pixel counts as rectangle.
        resize: Pixels of the longer side of images, which are scaled for it; None takes them as they are.
        own: The description of the user's own data that it was trained on.
        model_sha256: SHA-256 of the ``.keras`` file that it was made of.
        model_card: The card of that file, whole.
        largest_difference: Largest difference of a probability from that file's, over ``compared`` golden pixels.
        compared: How many probabilities were compared.
        versions: Versions of the packages that made it.
        format: Always ``shapeseg-export``.
        format_version: Version of this card.
    """

    sha256: dict[str, str]
    stride: int
    threshold: float
    model_sha256: str
    model_card: dict[str, Any] | None
    largest_difference: float
    compared: int
    resize: int | None = None
    own: Description = Description()
    versions: dict[str, str] = field(default_factory=dict)
    format: str = FORMAT
    format_version: int = 1

    def __post_init__(self) -> None:
        check_range("threshold", self.threshold, above=0, below=1)
        check_range("stride", self.stride, least=1, most=MAX_SIDE)
        Sizes(resize=self.resize)  # one that cannot be is told now
        for name, value in (*self.sha256.items(), ("model_sha256", self.model_sha256)):
            check_digest(name, value)
        check_range("largest_difference", self.largest_difference, least=0)
        check_range("compared", self.compared, least=0)
        check_range("format_version", self.format_version, least=1, most=1, fix="Update shapeseg")

    @property
    def target(self) -> Target:
        """What the model was trained to find, as the card of its file says."""
        data = (self.model_card or {}).get("data")
        return "amodal" if isinstance(data, dict) and data.get("target") == "amodal" else "visible"

    def write(self, model_path: Path) -> None:
        """Writes the card next to its model."""
        files.write_json(export_card_path(model_path), asdict(self))


def export_card_path(model_path: Path) -> Path:
    """Returns where the card of an exported model is: a name of its own, as the model's own card may be next to it."""
    return model_path.with_name(f"{model_path.name}.json")


def read_export_card(model_path: Path) -> ExportCard | None:
    """Reads the card next to an exported model; None if shapeseg has written none.

    Raises:
        ModelRefusedError: If there is one, but it is damaged.
    """
    return read_card_file(ExportCard, FORMAT, export_card_path(model_path), fix="Export the model again")


def digests(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Returns the SHA-256 of each file's content, by its suffix."""
    return {suffix: digest(content) for suffix, content in contents.items()}
