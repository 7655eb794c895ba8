"""A user's own data: a folder with ``images/`` and ``masks/`` whose names pair, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

from shapeseg.datasets.foreign_images import image_bytes, images_by_stem, read_foreground, read_rgb, size_of
from shapeseg.datasets.manifest import MANIFEST, DatasetSettings, Manifest, MetadataFile
from shapeseg.datasets.samples import FOLDERS, Row
from shapeseg.datasets.splits import split_of
from shapeseg.errors import InputError


def is_plain(folder: Path) -> bool:
    """Whether a folder holds images and masks, but no dataset of shapeseg's."""
    return not (folder / MANIFEST).exists() and all((folder / FOLDERS[role]).is_dir() for role in ("image", "mask"))


def read_plain(folder: Path) -> tuple[Manifest, list[Row]]:
    """Pairs images with masks by name and deals them out to the splits; recipes are unknown, so rows have no instances.

    Of an image only the header is looked at; :func:`refuse_damaged_pair` looks at the rest.

    Raises:
        InputError: If there are no images, names do not pair, or a file is no image.
    """
    images, masks = (images_by_stem(folder / FOLDERS[role]) for role in ("image", "mask"))
    if not images:
        raise InputError("there are no images here", received=folder / FOLDERS["image"], fix="Put images and masks there")
    if unpaired := sorted(images.keys() ^ masks.keys()):
        raise InputError(
            f"{len(unpaired)} names are not both in images and in masks", received=unpaired[0], fix="Give each image its mask"
        )
    digest = hashlib.sha256()
    rows = []
    for index, stem in enumerate(sorted(images)):
        sizes = []
        for path in (images[stem], masks[stem]):
            content = image_bytes(path)
            digest.update(path.name.encode(errors="surrogateescape") + hashlib.sha256(content).digest())
            sizes.append(size_of(content, path))
        (width, height), mask_size = sizes
        if mask_size != (width, height):
            raise InputError("a mask must have its image's size", received=masks[stem], fix=f"Make it {width} x {height}")
        rows.append(
            {
                "index": index,
                "image_id": stem.encode(errors="surrogateescape").decode(errors="backslashreplace"),
                "split": split_of(index, seed=0, settings=DatasetSettings().splits),
                "image": f"{FOLDERS['image']}/{images[stem].name}",
                "mask": f"{FOLDERS['mask']}/{masks[stem].name}",
                "width": width,
                "height": height,
            }
        )
    manifest = Manifest(
        DatasetSettings(), 0, len(rows), len(rows), MetadataFile("", digest.hexdigest()), format="plain-folder"
    )
    return manifest, rows


def refuse_damaged_pair(folder: Path, row: Row) -> None:
    """Reads an image and its mask whole.

    Raises:
        InputError: If one cannot be read, or is of another size than its header says.
    """
    for role, read in (("image", read_rgb), ("mask", read_foreground)):
        path = folder / row[role]
        height, width = read(path).shape[:2]
        if (width, height) != (row["width"], row["height"]):
            raise InputError(
                "an image is of another size than its header says",
                received=f"{path}, {width} x {height}",
                fix="Save it again, turned upright",
            )
