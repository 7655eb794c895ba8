"""What the notebooks begin with: the root of the repository, and a dataset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from shapeseg.errors import InputError

if TYPE_CHECKING:
    from shapeseg.datasets import Dataset

_DEFAULT = Path("data/shapes")
_DEFAULT_IMAGES = 1000


def work_in_root() -> None:
    """Makes the root of the repository the current folder, from wherever in it a notebook was started.

    Raises:
        InputError: If this is no folder of the repository.
    """
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "pyproject.toml").exists()), None)
    if root is None:
        raise InputError("this is no folder of the repository", received=here, fix="Start the notebook in the repository")
    os.chdir(root)


def open_data(num_images: int) -> Dataset:
    """Returns the first images of the default dataset. What is missing is drawn: all of ``data/shapes``, or a smaller one.

    Args:
        num_images: 1 or more; a smaller dataset goes to ``data/notebook-N``.
    """
    from shapeseg.datasets import Dataset, create_dataset

    folder = _DEFAULT
    if not folder.exists() and num_images != _DEFAULT_IMAGES:
        folder = Path(f"data/notebook-{num_images}")
    if not folder.exists():
        create_dataset(folder, num_images=num_images, seed=0, workers=1)
    data = Dataset(folder)
    data.rows = data.rows[:num_images]
    return data
