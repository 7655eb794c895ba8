"""shapeseg: an exact, seeded laboratory for image segmentation under occlusion.

Importing the package loads nothing heavy: each public name below is loaded when it is first asked for. It only makes torch the
default Keras backend, before any module of ours imports keras: an unset ``KERAS_BACKEND`` would mean tensorflow, which the
default install does not have.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

os.environ.setdefault("KERAS_BACKEND", "torch")
# Torch's threads wait for each other by spinning, and beside other programs a step then takes a hundred times as long. With
# libgomp, which torch for Linux brings, they soon sleep instead; elsewhere this is not read (docs/benchmarks.md).
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2500")

if TYPE_CHECKING:
    from shapeseg import testing as testing
    from shapeseg.api import Run as Run
    from shapeseg.api import append_samples as append_samples
    from shapeseg.api import build_model as build_model
    from shapeseg.api import create_dataset as create_dataset
    from shapeseg.api import evaluate as evaluate
    from shapeseg.api import filter_dataset as filter_dataset
    from shapeseg.api import merge_datasets as merge_datasets
    from shapeseg.api import predict as predict
    from shapeseg.api import train as train
    from shapeseg.api import write_twins as write_twins
    from shapeseg.architectures import ARCHITECTURES as ARCHITECTURES
    from shapeseg.datasets.dataset import Dataset as Dataset
    from shapeseg.datasets.dataset import Sample as Sample
    from shapeseg.datasets.feed import Feed as Feed
    from shapeseg.errors import InputError as InputError
    from shapeseg.errors import ShapesegError as ShapesegError
    from shapeseg.errors import UsageError as UsageError
    from shapeseg.evaluation.metrics import Metrics as Metrics
    from shapeseg.models.saving import load_model as load_model
    from shapeseg.scenes import Instance as Instance
    from shapeseg.scenes import Scene as Scene
    from shapeseg.scenes import SceneSettings as SceneSettings
    from shapeseg.scenes import Truth as Truth
    from shapeseg.scenes import sample_scene as sample_scene
    from shapeseg.training.losses import SegmentationLoss as SegmentationLoss
    from shapeseg.training.metrics import BinaryIoU as BinaryIoU
    from shapeseg.workflows import notebooks as notebooks

_API = (
    *("Run", "append_samples", "build_model", "create_dataset", "evaluate", "filter_dataset", "merge_datasets", "predict"),
    *("train", "write_twins"),
)
_HOMES = {
    **dict.fromkeys(_API, "api"),
    **dict.fromkeys(("Dataset", "Sample"), "datasets.dataset"),
    "Feed": "datasets.feed",
    **dict.fromkeys(("InputError", "ShapesegError", "UsageError"), "errors"),
    "Metrics": "evaluation.metrics",
    "ARCHITECTURES": "architectures",
    "load_model": "models",
    **dict.fromkeys(("Instance", "Scene", "SceneSettings", "Truth", "sample_scene"), "scenes"),
    "SegmentationLoss": "training.losses",
    "BinaryIoU": "training.metrics",
    "notebooks": "workflows",
    "testing": "",
}
__all__ = ["__version__", *_HOMES]


if not TYPE_CHECKING:  # to whom every name would be one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'shapeseg' has no attribute {name!r}")
        home = f"shapeseg.{_HOMES[name]}".rstrip(".")
        if name in ("notebooks", "testing"):  # these are modules themselves
            return import_module(f"{home}.{name}")
        return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
