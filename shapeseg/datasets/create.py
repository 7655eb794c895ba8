"""Creating a dataset: staged next to its target, renamed into place when it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from shapeseg import files
from shapeseg.datasets.draw import check_space, draw_samples, estimate_bytes, make_folders
from shapeseg.datasets.manifest import DatasetSettings, Manifest
from shapeseg.datasets.metadata import write_metadata
from shapeseg.datasets.shard import Shard
from shapeseg.folders import staged_folder
from shapeseg.scenes.rule import Rule
from shapeseg.settings import check_range
from shapeseg.terminal import Progress, no_progress

_CLASSES = "name,r,g,b\nbackground,0,0,0\nrectangle,255,255,255\n"


def create_dataset(
    out: Path,
    *,
    num_images: int,
    seed: int,
    settings: DatasetSettings | None = None,
    workers: int | None = None,
    progress: Progress = no_progress,
    cluster: str | None = None,
    shard: Shard | None = None,
) -> Manifest:
    """Writes a new dataset. Its content is a pure function of (settings, seed, num_images), whoever draws it.

    Args:
        out: The new folder; it must not exist, or be empty.
        num_images: 1 or more; of the whole, if a shard of it is drawn.
        seed: 0 to 2**64 - 1.
        settings: How scenes look and how they are split.
        workers: Processes that draw; 0 and 1 draw in this process, None takes as many as suit machine and job.
        progress: Called with the number of samples written since the last call.
        cluster: Address of a Ray cluster that draws instead of workers; it shares the disk of ``out``.
        shard: The part to draw; None draws the whole, as does the only part of one.

    Raises:
        UsageError: If ``out`` exists, or a number is out of range.
        InputError: If shapes cannot be placed.
        StorageError: If the folder cannot be written, or the disk is too small.
        BusyError: If another process is making the same dataset.
        ResourcesError: If a worker process died, or the cluster cannot be reached.
    """
    check_range("num_images", num_images, least=1, fix="Ask for at least 1")
    settings = settings or DatasetSettings()
    indices = shard.indices(num_images) if shard else range(num_images)
    with staged_dataset(out) as staging:
        check_space(staging, estimate_bytes(settings, seed, len(indices)))
        # Closed before the folder is removed, should something interrupt: workers must not write into it any more.
        with closing(
            draw_samples(
                staging,
                indices,
                seed=seed,
                settings=settings,
                workers=workers,
                progress=progress,
                cluster=cluster,
            )
        ) as lines:
            named = write_metadata(staging, lines)
            part = shard if len(indices) < num_images else None
            manifest = Manifest(settings, seed, len(indices), num_images, named, rule=Rule(settings.scene), shard=part)
        manifest.write(staging)
    return manifest


@contextmanager
def staged_dataset(out: Path) -> Iterator[Path]:
    """Yields a folder to fill with a dataset, next to ``out``; see :func:`shapeseg.folders.staged_folder`."""
    with staged_folder(out) as staging:
        make_folders(staging)
        yield staging
        files.write_new_bytes(staging / "class_dict.csv", _CLASSES.encode())
