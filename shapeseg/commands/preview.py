"""``preview``: a tiled picture of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.description import Description
from shapeseg.errors import UsageError
from shapeseg.outputs import refuse_foreign
from shapeseg.settings import CommonOptions, check_range


@dataclass(frozen=True)
class PreviewOptions(CommonOptions):
    """Draw tiles of a dataset into one picture."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to show."""
    out: Path = Path("preview.png")
    """Picture to write; it replaces an earlier one of shapeseg's, but no other file."""
    rows: int = 4
    """Rows of tiles."""
    columns: int = 6
    """Columns of tiles."""
    split: str = "all"
    """Which samples: train, val, test, holdout or all."""
    start: int = 0
    """How many samples to skip."""
    masks: bool = False
    """Show the masks instead of the images."""
    outlines: bool = False
    """Outline each target; for shapes, the whole silhouette, hidden parts included."""
    numbers: bool = False
    """Write each shape's number, from back to front, on it."""
    rates: bool = False
    """Write each target's occlusion rate on it, where it is above 0."""
    own: Description = Description()

    def __post_init__(self) -> None:
        for name, least, most in (("rows", 1, 1000), ("columns", 1, 1000), ("start", 0, 10**9)):
            check_range(name, getattr(self, name), least=least, most=most)


def _command(options: PreviewOptions) -> None:
    from shapeseg.reporting.pictures import gallery_figure, save_figure
    from shapeseg.reporting.preview_notes import noted_tile
    from shapeseg.workflows.own_data import open_data

    refuse_foreign(options.out)
    data = open_data(options.data, options.own).split(options.split)
    places = range(options.start, min(options.start + options.rows * options.columns, len(data)))
    if not places:
        raise UsageError(
            "there are not that many samples", received=f"start={options.start}", fix=f"Use less than {len(data)}"
        )
    drawn = {"masks": options.masks, "outlines": options.outlines, "numbers": options.numbers, "rates": options.rates}
    tiles, notes = zip(*(noted_tile(data, place, **drawn) for place in places), strict=True)
    titles = [f"{data.rows[place]['image_id']}  {data.rows[place]['split']}" for place in places]
    save_figure(gallery_figure(tiles, titles, options.columns, notes), options.out)
    print(f"wrote {options.out}: {len(tiles)} tiles")


LAYOUT = Layout(
    examples=("data/shapes --outlines --rates", "data/shapes --split test --rows 2 --columns 8 --out tiles.png"),
)

main = entry_point(PreviewOptions, _command, LAYOUT)
