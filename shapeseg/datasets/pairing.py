"""Which mask belongs to which image: those of one name, or of one name but for what all images, or all masks, end with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from shapeseg.datasets.foreign_images import is_image_name
from shapeseg.errors import InputError


class Pairs(NamedTuple):
    """Images with their masks.

    Attributes:
        masks: The stem of each image's mask, in the order of the images.
        notes: Notes about how they were found, each a clause.
    """

    masks: dict[str, str]
    notes: list[str]


def pair(images: Mapping[str, Path], masks: Mapping[str, Path], folder: Path, *, skip_unlabelled: bool = False) -> Pairs:
    """Pairs images with masks, each by its name without suffix.

    Args:
        images: Image files of a folder by stem, at least one.
        masks: Mask files of another by stem.
        folder: Folder of the masks.
        skip_unlabelled: Leave out images that have no mask.

    Raises:
        InputError: If a mask has no image, or an image no mask.
    """
    same_stem = {stem: stem for stem in images if stem in masks}
    cut = _cut_pairs(images, masks)
    notes = []
    if cut is not None and len(cut) > len(same_stem):
        ends = f"{common_ending(images) or 'nothing'} is cut from images and {common_ending(masks) or 'nothing'} from masks"
        notes.append(f"{len(cut)} names pair once {ends}")
        found = cut
    else:
        found = same_stem
    unlabelled = [stem for stem in images if stem not in found]
    strays = sorted(masks.keys() - set(found.values()))
    if strays:
        raise InputError(
            f"{len(strays)} masks have no image" + (f", and {len(unlabelled)} images no mask" if unlabelled else ""),
            received=masks[strays[0]] if not unlabelled else f"{masks[strays[0]]} and {images[unlabelled[0]]}",
            fix="Give a mask the name of its image; what all images, or all masks, end with may differ",
        )
    if unlabelled and not skip_unlabelled:
        _refuse_unlabelled({stem: images[stem] for stem in unlabelled}, folder)
    if unlabelled:
        notes.append(f"{len(unlabelled)} images without a mask are left out, as requested")
    if not found:
        raise InputError("no image has a mask", received=folder, fix="Put masks there, under the names of the images")
    return Pairs(found, notes)


def _cut_pairs(images: Mapping[str, Path], masks: Mapping[str, Path]) -> dict[str, str] | None:
    """Returns the pairs of names that are equal once the common endings are cut; None where there is nothing to cut."""
    ending, of_masks = common_ending(images), common_ending(masks)
    if not ending and not of_masks:
        return None
    names = {stem.removesuffix(of_masks): stem for stem in masks}
    return {stem: names[short] for stem in images if (short := stem.removesuffix(ending)) in names}


def common_ending(names: Collection[str]) -> str:
    """Returns what all names end with, from the beginning of a word in it: digits tell images apart, so they are not cut.

    >>> common_ending(["21_training", "22_training"]), common_ending(["car10", "car20"]), common_ending(["7a", "8a"])
    ('_training', '', 'a')
    """
    backwards = sorted(name[::-1] for name in names) or [""]
    first, last = backwards[0], backwards[-1]  # what these two begin with, all do
    differ = (place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    ending = first[: next(differ, len(first))][::-1]
    for start, letter in enumerate(ending):
        word = ending[start:]
        after_digits = all(name.removesuffix(word)[-1:].isdigit() for name in names)
        if not letter.isalnum() or (letter.isalpha() and after_digits):
            return word
    return ""


def _refuse_unlabelled(images: Mapping[str, Path], folder: Path) -> None:
    unread = sorted({path.suffix for path in folder.iterdir() if path.stem in images and not is_image_name(path.name)})
    what, fix = "", "Add the masks, or leave such images out: --skip-unlabelled"
    if unread:
        what, fix = f", as {' and '.join(unread)} files are not read", "Save them as PNG"
    raise InputError(f"{len(images)} images have no mask{what}", received=next(iter(images.values())), fix=fix)
