"""A paired dataset: the counterfactual twin of every sample, under the same index and split."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path

from shapeseg.datasets.create import staged_dataset
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.draw import check_space
from shapeseg.datasets.metadata import Lines, encode_rows, write_metadata
from shapeseg.datasets.samples import FOLDERS, Row, write_sample
from shapeseg.datasets.workers import chunked, map_chunks, worker_count
from shapeseg.errors import InputError
from shapeseg.folders import refuse_existing
from shapeseg.scenes import Scene
from shapeseg.scenes.settings import Color
from shapeseg.scenes.twins import Change, twin
from shapeseg.terminal import Progress, no_progress


def write_twins(
    data: Dataset, change: Change, out: Path, *, workers: int | None = None, progress: Progress = no_progress
) -> int:
    """Writes the twin of every sample; each row's ``twin`` names the original, its dataset's digest, and the change.

    Returns:
        How many twins differ from their originals.

    Raises:
        UsageError: If ``out`` exists.
        InputError: If the dataset has no recipes.
    """
    refuse_existing(out)
    if not data.has_recipes:
        raise InputError("twins need recipes", received=data.folder, fix="Name a dataset made by shapeseg")
    changed = 0

    def twins(staging: Path) -> Generator[Lines, None, None]:
        nonlocal changed
        work = partial(_write_chunk, staging, change, data.manifest.settings.scene.colors, data.digest())
        chunks = chunked(data.rows)
        with closing(map_chunks(work, chunks, worker_count(workers, len(data)))) as written:
            for chunk, rows in zip(chunks, written, strict=True):
                changed += sum(row["twin"]["changed"] for row in rows)
                progress(len(chunk))
                yield encode_rows(rows)

    with staged_dataset(out) as staging:
        check_space(staging, sum((data.folder / row[role]).stat().st_size for row in data.rows for role in FOLDERS))
        with closing(twins(staging)) as lines:  # before the folder is removed, should something interrupt
            named = write_metadata(staging, lines)
        # A twin of a scene that was chosen by its occlusion was not chosen so itself.
        rule = None if data.rule is None or data.rule.asks_for_occlusion else data.rule.without_occlusion()
        data.manifest.changed(count=len(data), metadata=named, twin=change, rule=rule).write(staging)
    return changed


def _write_chunk(folder: Path, change: Change, colors: tuple[Color, ...], digest: str, rows: list[Row]) -> list[Row]:
    return [_write_twin(folder, change, colors, digest, row) for row in rows]


def _write_twin(folder: Path, change: Change, colors: tuple[Color, ...], digest: str, row: Row) -> Row:
    scene = Scene.from_dict(row)
    changed = twin(scene, change, colors)
    written = write_sample(folder, changed, row["index"], row["split"])
    of = {"image_id": row["image_id"], "dataset_sha256": digest, "change": change, "changed": changed != scene}
    return written | {name: row[name] for name in ("source",) if name in row} | {"twin": of}
