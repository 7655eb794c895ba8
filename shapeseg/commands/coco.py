"""``coco``: a dataset's instances as COCO JSON, hidden parts included."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets import Dataset
from shapeseg.datasets.formats.coco import CocoCounts, export_coco, refuse_existing_file
from shapeseg.folders import whole_path
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class CocoOptions(CommonOptions):
    """Write a dataset's instances as COCO JSON: visible masks, and the whole silhouettes as well."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to describe."""
    out: Path | None = None
    """File to create; by default next to the dataset, named after it with .json. An existing file is never overwritten."""
    split: str = "all"
    """train, val, test, holdout or all."""


def coco(options: CocoOptions) -> CocoCounts:
    """Writes the file with a progress bar and says what is in it."""
    folder = whole_path(options.data)
    out = options.out or folder.with_name(f"{folder.name}.json")
    refuse_existing_file(out)
    data = Dataset(options.data).split(options.split)
    with progress_bar("annotating", len(data), "image") as progress:
        counts = export_coco(data, out, progress)
    print(
        f"wrote     {out}: {counts.images} images, {counts.annotations} annotations;"
        f" {counts.hidden} fully hidden instances have none"
    )
    return counts


LAYOUT = Layout(
    examples=("data/shapes", "data/shapes --split val --out val.json"),
)

main = entry_point(CocoOptions, coco, LAYOUT)
