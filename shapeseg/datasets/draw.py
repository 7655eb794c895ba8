"""Drawing the samples of a range of indices into a folder, with worker processes."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path

from shapeseg.datasets.manifest import DatasetSettings
from shapeseg.datasets.metadata import Lines, encode_rows
from shapeseg.datasets.ray_chunks import ray_chunks
from shapeseg.datasets.samples import FOLDERS, encode_row, encode_sample, write_sample
from shapeseg.datasets.splits import split_of
from shapeseg.datasets.workers import chunked, map_chunks, worker_count
from shapeseg.errors import StorageError
from shapeseg.folders import make_folder
from shapeseg.scenes import sample_scene
from shapeseg.terminal import Progress

_BLOCK = 4096  # what file systems round a file's size up to


def make_folders(folder: Path) -> None:
    """Makes the folders that samples are written into.

    Raises:
        StorageError: If they cannot be made.
    """
    for name in FOLDERS.values():
        make_folder(folder / name)


def draw_samples(
    folder: Path,
    indices: range,
    *,
    seed: int,
    settings: DatasetSettings,
    workers: int | None,
    progress: Progress,
    cluster: str | None = None,
) -> Generator[Lines, None, None]:
    """Writes the files of samples into ``folder`` (not yet synced); yields their metadata, chunk by chunk, in order.

    They are drawn by ``workers`` processes, or by the Ray ``cluster`` of that address.
    """
    draw = partial(_draw_chunk, folder, seed, settings)
    chunks = chunked(indices)
    if cluster is None:
        drawn = map_chunks(draw, chunks, worker_count(workers, len(indices)))
    else:
        drawn = ray_chunks(draw, chunks, cluster)
    with closing(drawn):  # an error's traceback would keep it, and its workers, alive
        for chunk, lines in zip(chunks, drawn, strict=True):
            yield lines
            progress(len(chunk))


def estimate_bytes(settings: DatasetSettings, seed: int, num_images: int) -> int:
    """Returns about how much disk samples take, judged by the first few."""
    few = range(min(num_images, 4))
    sizes = []
    for index in few:
        row, contents = encode_sample(sample_scene(settings.scene, seed=seed, index=index), index, "train")
        blocks = sum(-(-len(content) // _BLOCK) for content in contents.values())
        sizes.append(blocks * _BLOCK + len(encode_row(row)))
    return num_images * sum(sizes) // len(few)


def check_space(folder: Path, needed: int) -> None:
    """Raises a StorageError when the disk of ``folder`` has less than ``needed`` bytes free."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise StorageError(
            "the disk has too little space",
            received=f"needed about {needed / 1e6:,.0f} MB, free {free / 1e6:,.0f} MB",
            fix="Free some, name another disk, or ask for fewer images",
        )


def _draw_chunk(folder: Path, seed: int, settings: DatasetSettings, chunk: range) -> Lines:
    rows = []
    for index in chunk:
        scene = sample_scene(settings.scene, seed=seed, index=index)
        rows.append(write_sample(folder, scene, index, split_of(index, seed=seed, settings=settings.splits)))
    return encode_rows(rows)
