"""What made a result: versions and command line, for the card of a model and for the scores of an evaluation."""

from __future__ import annotations

import platform
import shlex
import sys
from pathlib import Path

from shapeseg import __version__
from shapeseg.datasets import Dataset
from shapeseg.evaluation.metrics import Origin
from shapeseg.inference.opened_model import OpenedModel


def versions() -> dict[str, str]:
    """Returns the versions of the packages that compute, the backend's among them."""
    import keras
    import numpy

    backend = keras.backend.backend()
    return {
        "shapeseg": __version__,
        "keras": keras.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        backend: sys.modules[backend].__version__,
    }


def origin(model: OpenedModel, data: Dataset) -> Origin:
    """Returns where the scores of a model on a dataset come from."""
    import keras

    return {
        "model": str(model.path),
        "model_sha256": model.sha256,
        "dataset": str(data.folder),
        "dataset_sha256": data.digest(),
        "backend": keras.backend.backend(),
        "versions": versions(),
        "command": command_line(),
    }


def command_line() -> str:
    """Returns the command that is running, as it can be pasted in the project's folder; notebooks and sessions have none."""
    program, *arguments = sys.argv
    path = Path(program)
    if path.name == "ipykernel_launcher.py":
        return "a notebook"
    if program in ("", "-", "-c"):
        return "a Python session"
    if path.name == "__main__.py":  # shapeseg, or a program that uses it
        start = ["python", "-m", path.parent.name]
    else:  # a script of the project, or the command that an installation makes
        start = ["python", path.name] if path.suffix == ".py" else [path.name]
    return shlex.join([*start, *arguments])
