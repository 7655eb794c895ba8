"""A user's own data, the one reader of folders: images and masks whose names pair, each pair in a split.

images/  masks/                   dealt out by a hash of the names, or by a splits.csv next to them
train/  val/  test/               each with images/ and masks/ in it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from shapeseg.datasets.foreign_images import Header, composed, header_of, image_bytes, images_by_stem
from shapeseg.datasets.manifest import MANIFEST, DatasetSettings, Manifest, MetadataFile
from shapeseg.datasets.own_splits import ALIASES, LIST, listed_splits, splits_by_hash, val_of_train
from shapeseg.datasets.pairing import pair
from shapeseg.datasets.samples import FOLDERS, Row
from shapeseg.datasets.splits import SPLITS
from shapeseg.description import Description
from shapeseg.errors import InputError

IMAGES, MASKS = FOLDERS["image"], FOLDERS["mask"]


class PlainFolder(NamedTuple):
    """What the user's own folder holds.

    Attributes:
        manifest: Only its digest and the number of images.
        rows: A row an image: index, image_id, split, image, mask, width, height, ``kinds``, format and mode of either; and
            ``turn``, the orientation of its photograph, where the mask was drawn over pixels as they are stored.
        notes: Notes about how it was read, each a clause.
        splits_given: Whether folders or a list say the splits.
    """

    manifest: Manifest
    rows: list[Row]
    notes: list[str]
    splits_given: bool


class Pair(NamedTuple):
    """An image and its mask, by their paths relative to the folder, the name that people know them by, and their split."""

    name: str
    split: str
    image: str
    mask: str


class FoundPairs(NamedTuple):
    """The pairs of a folder, notes about them, and whether folders or a list say their splits."""

    found: list[Pair]
    notes: list[str]
    splits_given: bool


def is_plain(folder: Path) -> bool:
    """Whether a folder holds images and masks, but no dataset of shapeseg's."""
    return not (folder / MANIFEST).exists() and bool(_parts(folder))


def read_plain(folder: Path, description: Description, kept: Mapping[str, str] | None = None) -> PlainFolder:
    """Pairs images with masks by name and gives each pair its split; recipes are unknown, so rows have no instances.

    Of an image only the header is looked at; :mod:`shapeseg.datasets.survey` looks at the rest.

    Args:
        folder: Where the images are.
        description: What it means.
        kept: Splits of images that a training has kept, by path; they count before what folders, a list or names say.

    Raises:
        InputError: If there are no images, names do not pair, a file is not an image, or sizes do not fit.
    """
    pairs = find_pairs(folder, description, kept)
    digest = hashlib.sha256(json.dumps(description.pixels(), sort_keys=True).encode() if description.pixels() else b"")
    rows = [row_of(folder, index, found, description, digest) for index, found in enumerate(pairs.found)]
    notes = list(pairs.notes)
    if stored := sum("turn" in row for row in rows):
        notes.append(f"{stored} masks were drawn over photographs as stored, so they are rotated with them")
    named = MetadataFile("", digest.hexdigest())
    manifest = Manifest(DatasetSettings(), 0, len(rows), len(rows), named, format="plain-folder")
    return PlainFolder(manifest, rows, notes, pairs.splits_given)


def row_of(folder: Path, index: int, found: Pair, description: Description, digest: hashlib._Hash | None = None) -> Row:
    """Reads the headers of a pair, and returns its row; names and contents of its files are taken into the digest.

    Raises:
        InputError: If a file is not an image, or sizes do not fit.
    """
    image, mask = (_header(folder / name, digest) for name in (found.image, found.mask))
    if digest is not None:
        digest.update(found.split.encode())
    turn = turn_of_mask(image, mask, folder / found.mask, description)
    return {
        "index": index,
        "image_id": found.name.encode(errors="surrogateescape").decode(errors="backslashreplace"),
        "split": found.split,
        "image": found.image,
        "mask": found.mask,
        "width": image.width,
        "height": image.height,
        "kinds": [image.kind, mask.kind],
        **({"turn": turn} if turn != 1 else {}),
    }


def find_pairs(folder: Path, description: Description, kept: Mapping[str, str] | None = None) -> FoundPairs:
    """Returns every pair of an image and its mask, sorted, each in its split, and notes about them.

    Raises:
        InputError: If there are no images, names do not pair, or a list of splits does not fit them.
    """
    found: list[Pair] = []
    notes: list[str] = []
    for split, place in _parts(folder).items():
        images, masks = (images_by_stem(folder / place / name) for name in (IMAGES, MASKS))
        if not images:
            raise _no_images(folder / place / IMAGES)
        stems, told = pair(images, masks, folder / place / MASKS, skip_unlabelled=description.skip_unlabelled)
        notes += [f"{place}: {note}" if place else note for note in told]
        for stem, mask in stems.items():
            paths = (path.relative_to(folder).as_posix() for path in (images[stem], masks[mask]))
            name = images[stem].stem
            found.append(Pair(f"{split}/{name}" if split else name, split or "", *paths))
    if all(each.split for each in found):
        in_train = [each for each in found if each.split == "train"]
        if in_train and not any(each.split == "val" for each in found):
            splits = dict(zip(in_train, val_of_train([each.name for each in in_train], description.group_by), strict=True))
            found = [each._replace(split=splits.get(each, each.split)) for each in found]
            count = [*splits.values()].count("val")
            notes.append(f"there is no folder val, so {count} images of train are used for validation")
        return FoundPairs(_as_kept(found, kept), notes, True)
    return _dealt_out(folder, found, notes, description, kept)


def _header(path: Path, digest: hashlib._Hash | None) -> Header:
    """Reads the header of a file, and takes its name and content into the digest."""
    content = image_bytes(path)
    if digest is not None:
        digest.update(path.name.encode(errors="surrogateescape") + hashlib.sha256(content).digest())
    return header_of(content, path)


def turn_of_mask(image: Header, mask: Header, path: Path, description: Description) -> int:
    """Returns by which orientation a mask is to be turned to lie on its photograph, upright; 1 leaves it.

    Raises:
        InputError: If its size does not match its photograph, or the photograph is turned and sizes do not tell over which of
            its two pictures the mask was drawn.
    """
    upright, drawn = (image.width, image.height), (mask.width, mask.height)
    stored = upright[::-1] if image.lies else upright
    if drawn not in (upright, stored):
        raise InputError(
            f"a mask must have its image's size, {image.width} x {image.height}",
            received=f"{path}, {mask.width} x {mask.height}",
            fix="Save it at the size of its image",
        )
    if image.orientation == 1 or mask.orientation != 1:
        if drawn != upright:
            raise InputError("a mask is sideways", received=path, fix="Rotate it like its image")
        return 1
    if upright != stored:
        return 1 if drawn == upright else image.orientation
    if description.masks_drawn is None:
        raise InputError(
            "a photograph is rotated by its EXIF orientation, and its mask's size does not show whether the mask is too",
            received=f"{path}, EXIF orientation {image.orientation}",
            fix="Look at one in a viewer, and pass --masks-drawn upright or --masks-drawn stored",
        )
    return image.orientation if description.masks_drawn == "stored" else 1


def what_is_here(folder: Path) -> str:
    """Returns the folders and files in a folder, in words, to show what was found in place of a dataset."""
    names = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir() if not path.name.startswith("."))
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{folder}, which holds {', '.join(names[:4]) or 'nothing'}{more}"


def _parts(folder: Path) -> dict[str | None, str]:
    """Returns where images and masks are, by split: None where one folder holds them all."""
    words: dict[str, str | None] = {"": None, **ALIASES}
    named = [(name, split) for name, split in words.items() if _holds_both(folder / name)]
    splits = [split for _, split in named]
    if clash := [name or IMAGES for name, split in named if splits.count(split) > 1 or (None in splits and len(splits) > 1)]:
        both = " and ".join(clash)
        raise InputError("a folder has two places for one split", received=f"{folder}: {both}", fix="Rename or remove one")
    return {split: name for name, split in sorted(named, key=lambda each: ("", *SPLITS).index(each[1] or ""))}


def _holds_both(folder: Path) -> bool:
    return (folder / IMAGES).is_dir() and (folder / MASKS).is_dir()


def _dealt_out(
    folder: Path, found: list[Pair], notes: list[str], description: Description, kept: Mapping[str, str] | None
) -> FoundPairs:
    """Gives pairs of one folder their splits: by a list, or by their names."""
    given = (folder / LIST).exists()
    if given:
        images = [path.relative_to(folder).as_posix() for path in images_by_stem(folder / IMAGES).values()]
        listed = listed_splits(folder / LIST, images)  # also those that are left out, as they have no mask
        if lacking := [each.image for each in found if each.image not in listed]:
            raise InputError(
                f"{len(lacking)} images have no line in {LIST}", received=folder / lacking[0], fix="Add a line for each"
            )
        splits, told = [listed[each.image] for each in found], list[str]()
    else:
        splits, told = splits_by_hash([each.name for each in found], description.group_by)
    dealt = [each._replace(split=split) for each, split in zip(found, splits, strict=True)]
    now = _as_kept(dealt, kept)
    if moved := sum(one != other for one, other in zip(now, dealt, strict=True)):
        told = [f"{moved} images are in the splits recorded by the training, not in today's"]
    return FoundPairs(now, [*notes, *told], given)


def _as_kept(found: list[Pair], kept: Mapping[str, str] | None) -> list[Pair]:
    return [each._replace(split=(kept or {}).get(composed(each.image), each.split)) for each in found]


def _no_images(folder: Path) -> InputError:
    inside = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name in ALIASES)
    fix = f"Put those of each split into {inside[0]}/{IMAGES} and {inside[0]}/{MASKS}" if inside else "Put images there"
    return InputError("there are no images here", received=what_is_here(folder) if inside else folder, fix=fix)
