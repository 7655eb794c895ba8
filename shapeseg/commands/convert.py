"""``convert``: a dataset to or from YOLO polygons, palette masks and plain folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets.formats.convert import Converted, Format, convert, open_source
from shapeseg.description import Description
from shapeseg.folders import refuse_existing, whole_path
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar, say


@dataclass(frozen=True)
class ConvertOptions(CommonOptions):
    """Convert a dataset, a plain folder, YOLO polygons, palette masks or COCO annotations; the source format is detected."""

    source: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Folder to read, or a COCO annotations file. In formats with several classes, every class counts as target."""
    categories: tuple[str, ...] = ()
    """Classes to use as the target, by name or number; by default all of them."""
    to: Format = "folder"
    """folder (images and masks, which shapeseg trains on), yolo (polygons) or palette (as in Pascal VOC, with void pixels)."""
    out: Path | None = None
    """Folder to create; by default SOURCE-FORMAT, next to the source. A non-empty one is never overwritten."""
    own: Description = Description()


def convert_folder(options: ConvertOptions) -> Converted:
    """Converts with a progress bar, and says what was seen, written and lost."""
    folder = whole_path(options.source)
    out = options.out or folder.with_name(f"{folder.stem if folder.is_file() else folder.name}-{options.to}")
    refuse_existing(out)
    source = open_source(options.source, options.categories, options.own)
    print(f"read      {options.source}: {source.kind} of {source.total} images")
    for note in source.notes:
        say("warning", note)
    with progress_bar("converting", source.total, "image") as progress:
        converted = convert(source, options.to, out, progress)
    print(f"wrote     {out}: {converted.images} images as {options.to}")
    if converted.void and (options.to == "yolo" or (options.to == "folder" and source.keeps_labels)):
        print(f"lost      the marks of {converted.void:,} void pixels, which {options.to} cannot store")
    return converted


LAYOUT = Layout(
    examples=("data/shapes --to yolo --out data/yolo", "data/yolo --to folder --out my-photos"),
)

main = entry_point(ConvertOptions, convert_folder, LAYOUT)
