"""The options of ``predict``, in a file of their own: with an exported model it needs little else, and starts sooner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from shapeseg.environment import Device
from shapeseg.inference.runtimes import Runtime
from shapeseg.settings import CommonOptions, check_range


@dataclass(frozen=True)
class PredictOptions(CommonOptions):
    """Segment images: for each a mask, an overlay, and a JSON file with box, area and score of every connected part."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file, or its run folder; with --runtime, an exported file."""
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Images (PNG, JPEG, BMP, TIFF, WebP, GIF), and folders of images."""
    out: Path = Path("predictions")
    """Folder to write."""
    overwrite: bool = False
    """Replace existing predictions; an image is never replaced."""
    threshold: float | None = None
    """Probability from which a pixel counts as rectangle; by default the one in the model's card, chosen on val."""
    batch_size: int = 16
    """Largest number of images predicted at once; images of different sizes never are."""
    runtime: Literal["keras"] | Runtime = "keras"
    """What runs the model: Keras; ONNX Runtime or OpenVINO for a .onnx file, OpenVINO for a .xml file, on the CPU."""
    device: Device = "auto"
    """Where to compute, in Keras."""
    trust_model: bool = False
    """Load a model that has no card of its own with plain Keras, in its safe mode."""

    def __post_init__(self) -> None:
        check_range("threshold", self.threshold, above=0, below=1, fix="Try 0.5")
        check_range("batch_size", self.batch_size, least=1, fix="Try 16")
