"""The playground: opens a model, serves the page, and waits."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Literal

from shapeseg.environment import require_packages
from shapeseg.inference.opened_model import OpenedModel, open_export, open_model
from shapeseg.inference.runtimes import Runtime
from shapeseg.workflows.evaluate import default_model
from shapeseg.workflows.measured_data import DEFAULT_DATA
from shapeseg.workflows.playground.samples import Samples, drawn_samples, samples_of
from shapeseg.workflows.playground.settings import PlaygroundOptions

_RUNTIMES: dict[str, Runtime] = {".onnx": "onnx", ".xml": "openvino"}


def playground(options: PlaygroundOptions) -> None:
    """Serves until it is interrupted.

    Raises:
        NotInstalledError: If tornado is not installed.
    """
    require_packages(["tornado"], "playground")
    from shapeseg.workflows.playground.answering import Playground
    from shapeseg.workflows.playground.server import serving

    room = Playground(opened_model(options), _samples(options))
    with serving(room, options.port) as address:
        print(f"{room.model.path} and {room.samples.name}")
        print(f"open {address}", flush=True)
        print("Ctrl-C ends it", flush=True)
        if options.open and _has_screen():
            webbrowser.open(address)
        threading.Event().wait()


def opened_model(options: PlaygroundOptions) -> OpenedModel:
    """Opens the model that is named, or the default one, in its runtime."""
    path = options.model or default_model()
    runtime: Literal["keras"] | Runtime = _RUNTIMES.get(path.suffix, "keras") if options.runtime == "auto" else options.runtime
    if runtime == "keras":
        return open_model(path, device=options.device, trust=options.trust_model)
    return open_export(path, runtime, trust=options.trust_model)


def _samples(options: PlaygroundOptions) -> Samples:
    folder: Path | None = options.data or (DEFAULT_DATA if DEFAULT_DATA.exists() else None)
    return samples_of(folder) if folder else drawn_samples(options.seed)


def _has_screen() -> bool:
    """Whether a window can be opened: without one, Python would start a browser in the terminal."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
