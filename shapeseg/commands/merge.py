"""``merge``: several datasets become one new one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets import Dataset
from shapeseg.datasets.merge import merge_datasets
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class MergeOptions(CommonOptions):
    """Merge datasets into a new one; no two samples share an id, and each row records where it came from.
    The shards of one dataset become that dataset, bit for bit."""

    data: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Datasets: samples of the first keep their ids, images that are there already are skipped. Shards: all, in any order."""
    out: Path = Path("data/merged")
    """New dataset to write."""


def _command(options: MergeOptions) -> None:
    datasets = [Dataset(folder) for folder in options.data]
    with progress_bar("copying", sum(map(len, datasets)), "image") as progress:
        manifest, skipped = merge_datasets(datasets, options.out, progress)
    print(f"dataset   {options.out}: {manifest.count} images; {skipped} were there already and are left out")


LAYOUT = Layout(
    examples=("data/shapes data/more --out data/both", "data/part-1 data/part-2 data/part-3 --out data/large"),
)

main = entry_point(MergeOptions, _command, LAYOUT)
