"""The options of the playground."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from shapeseg.environment import Device
from shapeseg.inference.runtimes import Runtime
from shapeseg.settings import CommonOptions, check_range, check_seed


@dataclass(frozen=True)
class PlaygroundOptions(CommonOptions):
    """Move shapes in the browser; see at once what is true, what no one can know, and what a model believes."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file, its run folder, or an exported file; by default the newest under saved_models, else the reference."""
    data: Path | None = None
    """Dataset to step through; by default data/shapes, or, if there is none, scenes drawn with default settings."""
    seed: int = 0
    """Seed of the scenes that are drawn if there is no dataset."""
    port: int = 0
    """Port of 127.0.0.1 to listen on; 0 takes a free one."""
    open: bool = True
    """Open the page in the browser; its address is printed in any case."""
    runtime: Literal["auto", "keras"] | Runtime = "auto"
    """What runs the model; auto: ONNX Runtime for a .onnx file, OpenVINO for a .xml file, Keras for all others."""
    device: Device = "auto"
    """Where to compute, in Keras."""
    trust_model: bool = False
    """Load a model that has no card of its own with plain Keras, in its safe mode."""

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_range("port", self.port, least=0, most=65535, fix="Use 0 for a free one")
