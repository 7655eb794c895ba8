"""shapeseg: an exact, seeded laboratory for image segmentation under occlusion.

Importing the package loads nothing heavy. It only makes torch the default Keras backend, before any module of ours imports
keras: an unset ``KERAS_BACKEND`` would mean tensorflow, which the default install does not have.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "load_model"]

os.environ.setdefault("KERAS_BACKEND", "torch")
# Torch's threads wait for each other by spinning, and beside other programs a step then takes a hundred times as long. With
# libgomp, which torch for Linux brings, they soon sleep instead; elsewhere this is not read (docs/benchmarks.md).
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

if TYPE_CHECKING:
    from shapeseg.models import load_model


def __getattr__(name: str) -> Any:
    if name == "load_model":
        from shapeseg.models import load_model

        return load_model
    raise AttributeError(f"module 'shapeseg' has no attribute {name!r}")
