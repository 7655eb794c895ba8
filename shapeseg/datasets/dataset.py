"""Reading a dataset: its rows, its samples and its splits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.manifest import Manifest, read_manifest
from shapeseg.datasets.samples import Row, read_image, read_map
from shapeseg.datasets.splits import SPLITS
from shapeseg.errors import InputError, UsageError
from shapeseg.scenes import Scene

if TYPE_CHECKING:
    from shapeseg.datasets.feed import Feed


class Sample(NamedTuple):
    """One sample.

    Attributes:
        row: Its metadata row.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        mask: uint8 (H, W), 255 on visible rectangles, 0 elsewhere.
    """

    row: Row
    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


class Dataset:
    """A dataset on disk, or the part of it that one split holds.

    Args:
        folder: Where ``dataset.json`` is.

    Attributes:
        folder: Path of the dataset.
        manifest: What ``dataset.json`` says.
        rows: Metadata rows, sorted by index.

    Raises:
        InputError: If there is no dataset, or its metadata is not what ``dataset.json`` names.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self.rows = _read_rows(self.folder, self.manifest)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Sample:
        row = self.rows[place]
        return Sample(row, self.image(place), read_map(self.folder / row["mask"]))

    def __iter__(self) -> Iterator[Sample]:
        return (self[place] for place in range(len(self)))

    def image(self, place: int) -> NDArray[np.uint8]:
        """Returns one image alone: uint8 (H, W, 3), RGB, 0 to 255."""
        return read_image(self.folder / self.rows[place]["image"])

    def scene(self, place: int) -> Scene:
        """Returns the scene that one sample was drawn from."""
        return Scene.from_dict(self.rows[place])

    def split(self, name: str) -> Dataset:
        """Returns the samples of one split; ``"all"`` is every sample.

        Raises:
            UsageError: If there is no such split.
            InputError: If the split is empty.
        """
        if name not in (*SPLITS, "all"):
            raise UsageError("there is no such split", received=name, fix=f"Use one of {', '.join(SPLITS)}, all")
        part = Dataset.__new__(Dataset)
        part.folder, part.manifest = self.folder, self.manifest
        part.rows = [row for row in self.rows if name in (row["split"], "all")]
        if not part.rows:
            raise InputError(
                f"the {name} split of {self.folder} is empty",
                received=f"{len(self)} images",
                fix="Make the dataset larger (10 images hold every split), or name another split",
            )
        return part

    def feed(self, batch_size: int = 8, **options: Any) -> Feed:
        """Returns a ``keras.utils.PyDataset`` over these samples; see :class:`shapeseg.datasets.feed.Feed`."""
        from shapeseg.datasets.feed import Feed

        return Feed(self, batch_size, **options)

    def digest(self) -> str:
        """SHA-256 that names this version of the dataset, files included."""
        return self.manifest.digest()


def _read_rows(folder: Path, manifest: Manifest) -> list[Row]:
    path = folder / manifest.metadata.file
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError("the dataset's metadata is missing", received=path, fix="Restore it, or generate again") from None
    if hashlib.sha256(content).hexdigest() != manifest.metadata.sha256:
        raise InputError(
            "the dataset's metadata is not what dataset.json names", received=path, fix="Restore it, or generate again"
        )
    return [json.loads(line) for line in content.splitlines()]
