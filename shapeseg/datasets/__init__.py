"""What is stored: layout, creation, reading, splits, and the Keras feed (``feed``, the one file here that imports keras)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapeseg.lazy_names import lazy_names

__all__ = ["SPLITS", "Dataset", "DatasetSettings", "Manifest", "Sample", "SplitSettings", "create_dataset"]

if TYPE_CHECKING:
    from shapeseg.datasets.create import create_dataset
    from shapeseg.datasets.dataset import Dataset, Sample
    from shapeseg.datasets.manifest import DatasetSettings, Manifest
    from shapeseg.datasets.splits import SPLITS, SplitSettings
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "create_dataset": "create",
            **dict.fromkeys(("Dataset", "Sample"), "dataset"),
            **dict.fromkeys(("DatasetSettings", "Manifest"), "manifest"),
            **dict.fromkeys(("SPLITS", "SplitSettings"), "splits"),
        },
    )
