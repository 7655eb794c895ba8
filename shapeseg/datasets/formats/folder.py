"""Plain folders (images and masks, paired by name), and shapeseg's own datasets as a source of labelled images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from shapeseg import files
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.foreign_images import png_bytes, read_rgb
from shapeseg.datasets.formats.labelled import LabelledFolder, LabelledImage, labelled
from shapeseg.folders import make_folder
from shapeseg.labels import is_ignored, is_target
from shapeseg.terminal import progress_bar


def read_dataset(folder: Path) -> LabelledFolder:
    """Reads a dataset of shapeseg's, drawing its labels again from the recipes, or a plain folder.

    Raises:
        InputError: If there is neither, or a file of it is missing or damaged.
    """
    data = Dataset(folder)
    with progress_bar("checking", len(data), "image") as progress:
        data.refuse_damage(progress)
    if data.has_recipes:
        class_name = " or ".join(data.manifest.settings.scene.target_kinds)
        return LabelledFolder("a shapeseg dataset", len(data), class_name, (_drawn(data, place) for place in range(len(data))))
    return LabelledFolder("a plain folder", len(data), data.target_name, (_paired(data, place) for place in range(len(data))))


def write_folder(folder: Path, images: Iterable[LabelledImage]) -> None:
    """Writes ``images/NAME.png`` (RGB) and ``masks/NAME.png`` (0 or 255), and nothing else.

    What a plain folder cannot say is lost: splits, instances, void pixels (they keep the label that they have).
    """
    for name in ("images", "masks"):
        make_folder(folder / name)
    for each in images:
        files.write_new_bytes(folder / "images" / f"{each.name}.png", png_bytes(each.image))
        mask = np.where(each.targets != 0, np.uint8(255), np.uint8(0))
        files.write_new_bytes(folder / "masks" / f"{each.name}.png", png_bytes(mask))


def _drawn(data: Dataset, place: int) -> LabelledImage:
    row, truth = data.rows[place], data.scene(place).render()
    targets = np.where(truth.target(), truth.instance_map, 0)
    path = data.folder / row["image"]
    return labelled(path.stem, row["split"], read_rgb(path), targets, truth.ambiguous | truth.ignored, path)


def _paired(data: Dataset, place: int) -> LabelledImage:
    row = data.row(place)
    image, labels = data.stored(place)
    return labelled(
        Path(row["image"]).stem, row["split"], image, is_target(labels), is_ignored(labels), data.folder / row["mask"]
    )
