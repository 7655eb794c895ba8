"""Creating a dataset: drawn by worker processes, staged beside its target, renamed into place when it is complete."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from hashlib import sha256
from pathlib import Path

from shapeseg import files
from shapeseg.datasets.manifest import DatasetSettings, Manifest, MetadataFile
from shapeseg.datasets.samples import FOLDERS, GLANCE_HEADER, encode_row, glance, write_sample
from shapeseg.datasets.splits import split_of
from shapeseg.errors import ResourcesError, StorageError, UsageError
from shapeseg.scenes import sample_scene

_CHUNK = 64  # samples a worker draws at a time: long enough to hide the hand-over, short enough for a lively progress bar
_METADATA = "metadata.jsonl"
_CLASSES = "name,r,g,b\nbackground,0,0,0\nrectangle,255,255,255\n"


def create_dataset(
    out: Path,
    *,
    num_images: int,
    seed: int,
    settings: DatasetSettings | None = None,
    workers: int | None = None,
    progress: Callable[[int], object] = lambda count: None,
) -> Manifest:
    """Writes a new dataset. Its content is a pure function of (settings, seed, num_images), whatever ``workers`` is.

    Args:
        out: The new folder; it must not exist, or be empty.
        num_images: 1 or more.
        seed: 0 to 2**64 - 1.
        settings: How scenes look and how they are split.
        workers: Processes that draw; 0 and 1 draw in this process, None takes what the machine and the job are good for.
        progress: Called with the number of samples written since the last call.

    Raises:
        UsageError: If ``out`` exists, or a number is out of range.
        StorageError: If the folder cannot be written.
        ResourcesError: If a worker process died.
    """
    if num_images < 1:
        raise UsageError("a dataset has 1 image or more", received=f"num_images={num_images}", fix="Ask for at least 1")
    settings = settings or DatasetSettings()
    refuse_existing(out)
    out = out.resolve()
    staging = out.with_name(f".{out.name}.{os.getpid()}.staging")
    try:
        _make_folders(staging)
        manifest = _fill(staging, num_images, seed, settings, workers, progress)
        files.sync_all()
        manifest.write(staging)
        files.rename_folder(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def refuse_existing(out: Path) -> None:
    """Raises a UsageError when ``out`` is anything but free (an empty folder is free)."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError("the folder is in use and is never overwritten", received=out, fix="Name another, or remove it first")


def _make_folders(staging: Path) -> None:
    try:
        for name in FOLDERS.values():
            (staging / name).mkdir(parents=True)
    except OSError as error:
        raise StorageError(
            f"the dataset's folder cannot be made ({error.strerror})",
            received=staging.parent,
            fix="Name a place that you can write",
        ) from error


def _fill(
    staging: Path,
    num_images: int,
    seed: int,
    settings: DatasetSettings,
    workers: int | None,
    progress: Callable[[int], object],
) -> Manifest:
    chunks = [range(start, min(start + _CHUNK, num_images)) for start in range(0, num_images, _CHUNK)]
    digest = sha256()
    with (
        files.stream_new_file(staging / _METADATA) as metadata,
        files.stream_new_file(staging / "metadata.csv") as table,
    ):
        table.write(GLANCE_HEADER.encode())
        draw = partial(_draw_chunk, staging, seed, settings)
        for chunk, (rows, glances) in zip(chunks, _map(draw, chunks, _workers(workers, num_images)), strict=True):
            metadata.write(rows)
            digest.update(rows)
            table.write(glances)
            progress(len(chunk))
    files.write_new_bytes(staging / "class_dict.csv", _CLASSES.encode())
    return Manifest(settings, seed, num_images, num_images, MetadataFile(_METADATA, digest.hexdigest()))


def _draw_chunk(folder: Path, seed: int, settings: DatasetSettings, chunk: range) -> tuple[bytes, bytes]:
    """Draws and writes the samples of ``chunk``; returns their lines of metadata.jsonl and of metadata.csv."""
    rows = [
        write_sample(
            folder,
            sample_scene(settings.scene, seed=seed, index=index),
            index,
            split_of(index, seed=seed, settings=settings.splits),
        )
        for index in chunk
    ]
    return b"".join(map(encode_row, rows)), "".join(map(glance, rows)).encode()


def _workers(asked: int | None, num_images: int) -> int:
    if asked is None:
        return min(os.cpu_count() or 1, num_images // (4 * _CHUNK))
    if asked < 0:
        raise UsageError("workers must be 0 or more", received=f"workers={asked}", fix="Leave it out to use every core")
    return asked


def _map(draw: Callable[[range], tuple[bytes, bytes]], chunks: list[range], workers: int) -> Iterator[tuple[bytes, bytes]]:
    if workers <= 1:
        yield from map(draw, chunks)
        return
    # Never fork: a forked worker would inherit the threads and locks of its parent.
    context = multiprocessing.get_context("forkserver")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        yield from pool.map(draw, chunks)
    except BrokenProcessPool as error:
        raise ResourcesError(
            "a worker process died", received=f"workers={workers}", fix="Run again, with fewer workers if memory was short"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Ends this worker when the process that asked for it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
