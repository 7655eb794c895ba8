"""Data of one's own, opened by commands: what its folder, flags and a model's card say together, and what there is to tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shapeseg.datasets import Dataset
from shapeseg.description import Description
from shapeseg.terminal import say


def open_data(
    folder: Path,
    own: Description,
    *,
    otherwise: Description | None = None,
    kept: Mapping[str, str] | None = None,
    told: bool = True,
) -> Dataset:
    """Opens a dataset, and tells how a folder of one's own was read.

    Args:
        folder: Of the dataset.
        own: What flags say of it, which wins over the folder's own words.
        otherwise: What counts where neither says anything.
        kept: Splits that a training has kept, by path of the image.
        told: Whether to tell anything: of several processes, one does.
    """
    data = Dataset(folder, kept, otherwise, **own.said())
    for note in data.notes if told else ():
        say("note", f"{folder}: {note}")
    return data
