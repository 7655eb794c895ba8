"""Plain folders (images and masks, paired by name), and shapeseg's own datasets as a source of labelled images."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from shapeseg import files
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.foreign_images import png_bytes, read_rgb
from shapeseg.datasets.formats.labelled import UNNAMED, LabelledFolder, LabelledImage, labelled, names_in_splits
from shapeseg.datasets.own_splits import LIST, list_of_splits
from shapeseg.datasets.splits import SPLITS
from shapeseg.description import DESCRIPTION, Description
from shapeseg.folders import make_folder
from shapeseg.labels import is_ignored, is_target
from shapeseg.terminal import progress_bar

VOID = 128
"""Of a mask that is written here: pixels that do not count."""

_NOTHING_SAID = Description()


def read_dataset(folder: Path, own: Description = _NOTHING_SAID) -> LabelledFolder:
    """Reads a dataset of shapeseg's, drawing its labels again from the recipes, or a plain folder.

    Args:
        folder: Folder of either.
        own: What is said of a plain folder.

    Raises:
        InputError: If there is neither, or a file of it is missing or damaged.
    """
    data = Dataset(folder, **own.said())
    with progress_bar("checking", len(data), "image") as progress:
        data.refuse_damage(progress)
    if data.has_recipes:
        drawn = (_drawn(data, place) for place in range(len(data)))
        return LabelledFolder("a shapeseg dataset", len(data), data.target_name, drawn, keeps_labels=True)
    names = names_in_splits([Path(row["image"]).stem for row in data.rows], [row["split"] for row in data.rows])
    paired = (_paired(data, place, name) for place, name in enumerate(names))
    return LabelledFolder("a plain folder", len(data), data.target_name, paired, data.notes)


def write_folder(folder: Path, source: LabelledFolder, images: Iterable[LabelledImage]) -> None:
    """Writes ``images/NAME.png`` (RGB), ``masks/NAME.png`` (0, 255 and 128 for void), ``splits.csv`` and ``shapeseg.json``.

    What a plain folder cannot say is lost: instances; and that pixels are void which keep a label of their own.
    """
    for name in ("images", "masks"):
        make_folder(folder / name)
    splits: list[tuple[str, str]] = []
    void = False
    for each in images:
        files.write_new_bytes(folder / "images" / f"{each.name}.png", png_bytes(each.image))
        mask = np.where(each.targets != 0, np.uint8(255), np.uint8(0))
        if not source.keeps_labels:
            mask[each.void] = VOID
            void = void or bool(each.void.any())
        files.write_new_bytes(folder / "masks" / f"{each.name}.png", png_bytes(mask))
        splits.append((f"images/{each.name}.png", each.split))
    if all(split in SPLITS for _, split in splits):
        files.write_new_bytes(folder / LIST, list_of_splits(sorted(splits)).encode(errors="surrogateescape"))
    said = {"target_name": source.class_name} if source.class_name != UNNAMED else {}
    if said or void:
        words = said | ({"void_value": VOID} if void else {})
        files.write_new_bytes(folder / DESCRIPTION, f"{json.dumps(words, indent=2)}\n".encode())


def _drawn(data: Dataset, place: int) -> LabelledImage:
    row, truth = data.rows[place], data.scene(place).render()
    targets = np.where(truth.target(), truth.instance_map, 0)
    path = data.folder / row["image"]
    return labelled(path.stem, row["split"], read_rgb(path), targets, truth.ambiguous | truth.ignored, path)


def _paired(data: Dataset, place: int, name: str) -> LabelledImage:
    row = data.row(place)
    image, labels = data.stored(place)
    return labelled(name, row["split"], image, is_target(labels), is_ignored(labels), data.folder / row["mask"])
