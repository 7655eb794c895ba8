"""``merge``: two datasets become one new one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets import Dataset
from shapeseg.datasets.merge import merge_datasets
from shapeseg.errors import UsageError
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class MergeOptions(CommonOptions):
    """Merge two datasets into a new one; no two samples share an id, and each row records where it came from."""

    first: Annotated[Path | None, tyro.conf.Positional] = None
    """Dataset whose samples keep their ids."""
    second: Annotated[Path | None, tyro.conf.Positional] = None
    """Dataset whose samples are added, except those that the first already has."""
    out: Path = Path("data/merged")
    """New dataset to write."""


def _command(options: MergeOptions) -> None:
    if options.first is None or options.second is None:
        raise UsageError(
            "merge needs two datasets", received=options.first or "none", fix="Name both: merge FIRST SECOND --out OUT"
        )
    first, second = Dataset(options.first), Dataset(options.second)
    with progress_bar("copying", len(first) + len(second), "image") as progress:
        manifest, skipped = merge_datasets(first, second, options.out, progress)
    print(f"dataset   {options.out}: {manifest.count} images; {skipped} of {options.second} were there already")


LAYOUT = Layout(
    examples=("data/shapes data/more --out data/both", "data/clean data/heavy"),
)

main = entry_point(MergeOptions, _command, LAYOUT)
