"""Which files ``predict`` reads, and which it writes for each."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.datasets.foreign_images import SUFFIXES, png_bytes
from shapeseg.datasets.png import encode_png
from shapeseg.errors import InputError, UsageError

_LONGEST = 180  # bytes of a name's own part; file systems hold 255, and what is added needs its room


class Job(NamedTuple):
    """One image and the files that are written for it."""

    source: Path
    mask: Path
    overlay: Path
    json: Path


def find_images(paths: Iterable[Path]) -> tuple[list[Path], list[InputError]]:
    """Returns the files named, and those in the folders named whose suffix is an image's, each once; and what is missing."""
    found: dict[str, Path] = {}
    missing = []
    for path in paths:
        if path.is_dir():
            folder = os.path.realpath(path)  # links in it are refused by the reader, and hide no other file
            inside = {f"{folder}/{each.name}": each for each in sorted(path.iterdir()) if _is_image(each)}
            if not inside:
                suffixes = ", ".join(sorted(SUFFIXES))
                missing.append(InputError("a folder holds no images", received=path, fix=f"Put files there named {suffixes}"))
        elif path.exists():
            inside = {os.path.realpath(path): path}
        else:
            inside = {}
            missing.append(InputError("there is no such file or folder", received=path, fix="Check the path"))
        for real, each in inside.items():
            found.setdefault(real, each)
    return list(found.values()), missing


def plan(sources: Sequence[Path], out: Path) -> list[Job]:
    """Names the outputs of each image so that no two clash: by its stem; shared stems get the suffix, and then a number."""
    return [
        Job(source, out / f"{name}_mask.png", out / f"{name}_overlay.png", out / f"{name}.json")
        for source, name in zip(sources, _unique_names(sources), strict=True)
    ]


def refuse_existing(jobs: Sequence[Job], *, overwrite: bool) -> None:
    """Raises a UsageError when an output already exists, or when it is one of the images themselves."""
    outputs = [path for job in jobs for path in job[1:]]
    sources = {os.path.realpath(job.source) for job in jobs}
    if own := [path for path in outputs if os.path.realpath(path) in sources]:
        raise UsageError("an image would be overwritten", received=own[0], fix="Name another folder: --out FOLDER")
    there = [path for path in outputs if os.path.lexists(path)]
    if there and not overwrite:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UsageError(
            "predictions already exist", received=f"{there[0]}{more}", fix="Name another --out, or pass --overwrite"
        )


def write(job: Job, mask: NDArray[np.bool_], picture: NDArray[np.uint8], found: dict[str, Any]) -> None:
    """Writes mask, bool (H, W), as 0 and 255, the overlay, uint8 (H, W, 3), and last the JSON file: where it is, all are."""
    job.json.unlink(missing_ok=True)
    files.write_bytes(job.mask, encode_png(mask.astype(np.uint8) * np.uint8(255)))
    files.write_bytes(job.overlay, png_bytes(picture))
    files.write_json(job.json, found)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def _unique_names(sources: Sequence[Path]) -> list[str]:
    stems = [_short(source.stem) for source in sources]
    uses = Counter(map(_same, stems))
    taken = {same for same, count in uses.items() if count == 1}
    names = []
    for source, stem in zip(sources, stems, strict=True):
        name = stem
        if uses[_same(stem)] > 1:
            name = plain = f"{stem}-{source.suffix.removeprefix('.')}"
            number = 1
            while _same(name) in taken:
                number += 1
                name = f"{plain}-{number}"
            taken.add(_same(name))
        names.append(name)
    return names


def _same(name: str) -> str:
    """Returns what equals for names that some file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()


def _short(name: str) -> str:
    raw = os.fsencode(name)
    return name if len(raw) <= _LONGEST else raw[:_LONGEST].decode(errors="ignore")
