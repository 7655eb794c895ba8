"""Palette masks, as Pascal VOC keeps them: class numbers in 8-bit PNG files, 255 for pixels that do not count.

images/NAME.png                        RGB (``JPEGImages`` is read too)
SegmentationClass/NAME.png             0 background, 1 target, 255 void
ImageSets/Segmentation/SPLIT.txt       one name a line
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from shapeseg import files
from shapeseg.datasets.foreign_images import composed, images_by_stem, png_bytes, read_numbers, read_rgb
from shapeseg.datasets.formats.labelled import UNNAMED, LabelledFolder, LabelledImage, chosen_classes, labelled, read_text
from shapeseg.datasets.own_splits import splits_by_hash
from shapeseg.datasets.splits import SPLITS
from shapeseg.errors import InputError
from shapeseg.folders import make_folder

MASKS = "SegmentationClass"
VOID = 255

_IMAGES = ("images", "JPEGImages")
_LISTS = Path("ImageSets") / "Segmentation"
_COLORS = {0: (0, 0, 0), 1: (128, 0, 0), VOID: (224, 224, 192)}  # Pascal VOC's own
_PALETTE = b"".join(bytes(_COLORS.get(number, (0, 0, 0))) for number in range(256))


def read_palette(folder: Path, categories: Sequence[str] = ()) -> LabelledFolder:
    """Lists the images that have a mask; every class but 0 and 255 is a target, or those whose numbers are asked for.

    Images without a mask are left out, as in Pascal VOC, where most have none. Splits come from the lists; where there are no
    lists at all, they are dealt out as for a plain folder.

    Raises:
        InputError: If there is no mask, a mask has no image, or the lists leave a mask out or name it twice.
    """
    found = {
        name: path for place in _IMAGES if (folder / place).is_dir() for name, path in images_by_stem(folder / place).items()
    }
    masks = images_by_stem(folder / MASKS)
    if not masks:
        raise InputError("there are no masks here", received=folder / MASKS, fix="Put masks of class numbers there")
    if lacking := sorted(masks.keys() - found.keys()):
        raise InputError(f"{len(lacking)} masks have no image", received=masks[lacking[0]], fix="Give each mask its image")
    splits = _read_lists(folder, list(masks))
    numbers, _ = chosen_classes(categories, {number: str(number) for number in range(1, VOID)}, folder / MASKS)
    read = (_read(name, splits[name], found[name], mask, numbers) for name, mask in masks.items())
    return LabelledFolder("a folder of palette masks", len(masks), UNNAMED, read)


def write_palette(folder: Path, images: Iterable[LabelledImage]) -> None:
    """Writes a folder of palette masks. Lost are instances, and what void pixels would have been."""
    for place in (Path("images"), Path(MASKS), _LISTS):
        make_folder(folder / place)
    names: dict[str, list[str]] = {split: [] for split in SPLITS[:3]}
    for each in images:
        files.write_new_bytes(folder / "images" / f"{each.name}.png", png_bytes(each.image))
        numbers = np.where(each.void, np.uint8(VOID), (each.targets != 0).astype(np.uint8))
        files.write_new_bytes(folder / MASKS / f"{each.name}.png", png_bytes(numbers, _PALETTE))
        names.setdefault(each.split, []).append(_listable(each.name))
    for split, listed in names.items():
        files.write_new_bytes(folder / _LISTS / f"{split}.txt", "".join(f"{name}\n" for name in listed).encode())


def _read(name: str, split: str, path: Path, mask: Path, classes: set[int]) -> LabelledImage:
    numbers = read_numbers(mask)
    targets = np.isin(numbers, list(classes)).astype(np.uint8)
    return labelled(name, split, read_rgb(path), targets, numbers == VOID, mask)


def _read_lists(folder: Path, names: list[str]) -> dict[str, str]:
    """Returns the split of each name."""
    lists = {split: text for split in SPLITS if (text := read_text(folder / _LISTS / f"{split}.txt")) is not None}
    if not lists:
        return dict(zip(names, splits_by_hash(names)[0], strict=True))
    listed: dict[str, list[str]] = {name: [] for name in names}
    for split, text in lists.items():
        for line in text.splitlines():
            if (name := composed(line.strip())) in listed:
                listed[name].append(split)
    for name in names:
        if len(listed[name]) != 1:
            raise InputError(
                "each mask must be in one list",
                received=f"{folder / MASKS / name}, in {' and '.join(listed[name][:3]) or 'none'}",
                fix=f"Correct the lists in {folder / _LISTS}",
            )
    return {name: listed[name][0] for name in names}


def _listable(name: str) -> str:
    """Returns a name that a line of a list can hold."""
    if not name.isprintable() or name != name.strip():
        raise InputError("a list cannot hold this name", received=repr(name), fix="Rename the image")
    return name
