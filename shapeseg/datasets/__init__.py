"""What is stored: layout, creation, reading, splits, and the Keras feed (``feed``, the one file here that imports keras)."""

from shapeseg.datasets.create import create_dataset
from shapeseg.datasets.dataset import Dataset, Sample
from shapeseg.datasets.manifest import DatasetSettings, Manifest
from shapeseg.datasets.splits import SPLITS, SplitSettings

__all__ = ["SPLITS", "Dataset", "DatasetSettings", "Manifest", "Sample", "SplitSettings", "create_dataset"]
