"""The splits of the user's own data: by a list, or by a hash of each name, so that a new image moves no other."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from shapeseg.datasets.foreign_images import composed
from shapeseg.datasets.splits import SPLITS
from shapeseg.errors import InputError
from shapeseg.incoming import MAX_TEXT, read_file

LIST = "splits.csv"

ALIASES = {**{name: name for name in SPLITS}, "valid": "val", "validation": "val", "training": "train", "testing": "test"}
"""Words for splits, and the split that each means."""

_ENDS = {"train": 0.72, "val": 0.81, "test": 0.90, "holdout": 1.0}  # of each split among the hashes, 0 to 1
_HEADER = ["image", "split"]


def hashed(name: str) -> float:
    """Returns a number from 0 to 1 that depends on a name alone, however its letters are composed."""
    return int.from_bytes(hashlib.sha256(composed(name).encode(errors="surrogateescape")).digest()[:7]) / 2**56


def splits_by_hash(names: Sequence[str], group_by: str | None = None) -> tuple[list[str], list[str]]:
    """Deals names out to the splits, 72 / 9 / 9 / 10 per cent of the hashes.

    Where val or test get nothing, they take the name whose hash is nearest to theirs.

    Args:
        names: Names of the images.
        group_by: Regular expression of the part of a name that images of one split share; its groups, if it has any.

    Returns:
        The split of each name, and notes about them, each a clause.

    Raises:
        InputError: If a name has no such part, or all names have the same.
    """
    groups = [group_of(name, group_by) for name in names]
    if group_by is not None and len(names) > 1 and len(set(groups)) == 1:
        raise InputError(
            "all images would be in one split, because all names share that part",
            received=f"--group-by {group_by!r}, which is {groups[0]!r} in {names[0]!r}",
            fix="Write a regular expression of a part that differs, such as '^[^_]+'",
        )
    places = {group: hashed(group) for group in set(groups)}
    split_of = {group: next(name for name, end in _ENDS.items() if place < end) for group, place in places.items()}
    notes = []
    for split in ("val", "test"):
        moved = None if split in split_of.values() else _nearest(split, places, split_of)
        if moved is not None:
            split_of[moved] = split
            images = [name for name, group in zip(names, groups, strict=True) if group == moved]
            notes.append(f"no name falls into {split}, so it takes the nearest: {', '.join(images[:3])}")
    return [split_of[group] for group in groups], notes


def val_of_train(names: Sequence[str], group_by: str | None = None) -> list[str]:
    """Returns train or val for names that folders put into train where there is no val: those whose hash is val's, or nearest.

    Raises:
        InputError: If a name has no part to group by.
    """
    groups = [group_of(name, group_by) for name in names]
    places = {group: hashed(group) for group in set(groups)}
    chosen = {group for group, place in places.items() if _ENDS["train"] <= place < _ENDS["val"]}
    if not chosen and len(places) > 1:
        chosen = {str(_nearest("val", places, dict.fromkeys(places, "train")))}
    return ["val" if group in chosen else "train" for group in groups]


def group_of(name: str, group_by: str | None) -> str:
    """Returns the part of a name that images of one split share.

    >>> group_of("eye7_left", "^[^_]+"), group_of("scan-3-of-eye7", "(eye[0-9]+)$"), group_of("eye7", None)
    ('eye7', 'eye7', 'eye7')
    """
    if group_by is None:
        return name
    found = re.search(group_by, name)
    if found is None:
        fix = "Write a regular expression that fits every name"
        raise InputError("a name has no part to group by", received=f"{name!r}, --group-by {group_by!r}", fix=fix)
    return "/".join(part or "" for part in found.groups()) or found[0]


def _nearest(split: str, places: Mapping[str, float], split_of: Mapping[str, str]) -> str | None:
    """Returns the name whose hash is nearest to those of a split, of splits that have another, or of holdout."""
    before = list(_ENDS)[list(_ENDS).index(split) - 1]
    low, high = _ENDS[before], _ENDS[split]
    found = list(split_of.values())
    free = [name for name, own in split_of.items() if own == "holdout" or found.count(own) > 1]
    return min(free, key=lambda name: (max(low - places[name], places[name] - high), name), default=None)


def listed_splits(path: Path, images: Sequence[str]) -> dict[str, str]:
    """Reads which split each image is in from a ``splits.csv``, ``image,split``.

    Args:
        path: Path of the list.
        images: Paths of the images relative to their folder, ``images/NAME.png``; a line names one so, or by its name, with
            or without suffix.

    Returns:
        The split of each of those images that has a line.

    Raises:
        InputError: If it is not such a list, or a line names no image, no split, or an image that was named before.
    """
    lines = _lines(path)
    names: dict[str, str] = {}
    for image in images:
        name = PurePosixPath(image)
        names |= dict.fromkeys(map(composed, (image, name.name, name.stem)), image)
    found: dict[str, str] = {}
    for number, (cell, word) in enumerate(lines, start=2):
        named = names.get(composed(cell.strip().replace("\\", "/")))
        split = ALIASES.get(word.strip().lower())
        if named is None or split is None:
            what = "a line names an image that is not here" if named is None else "a line names no split"
            raise InputError(
                what, received=f"{path} line {number}: {cell},{word}", fix=f"Name an image and one of {', '.join(SPLITS)}"
            )
        if found.setdefault(named, split) != split:
            raise InputError(
                "an image must be in one split only", received=f"{path} line {number}: {cell}", fix="Remove a line"
            )
    return found


def kept_splits(path: Path) -> dict[str, str]:
    """Reads the list that a run kept of its images; an empty one where there is none. Images may have gone since.

    Raises:
        InputError: If it is not such a list.
    """
    try:
        return {composed(image): ALIASES[split] for image, split in _lines(path)}
    except FileNotFoundError:
        return {}
    except KeyError as error:
        raise _no_list(path, f"{error} is no split") from None


def list_of_splits(splits: Iterable[tuple[str, str]]) -> str:
    """Returns a ``splits.csv`` of images and their splits."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([_HEADER, *splits])
    return buffer.getvalue()


def _lines(path: Path) -> list[tuple[str, str]]:
    """Returns the cells of a list's lines, but for its header."""
    text = read_file(path, most=MAX_TEXT).decode("utf-8-sig", "surrogateescape")
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if not rows or [cell.strip().lower() for cell in rows[0]] != _HEADER:
        raise _no_list(path, "its first line is not image,split")
    if wrong := next((row for row in rows if len(row) != 2), None):
        raise _no_list(path, f"a line has {len(wrong)} cells")
    return [(image, split) for image, split in rows[1:]]


def _no_list(path: Path, why: str) -> InputError:
    return InputError(f"this is not a list of splits: {why}", received=path, fix="Write image,split and a line for each image")
