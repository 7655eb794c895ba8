"""``append``: more samples for a dataset that exists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets.append import append_samples
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class AppendOptions(CommonOptions):
    """Draw more samples into a dataset: 1000 now and 500 later equal 1500 at once, bit for bit."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to continue."""
    num_images: int = 500
    """How many more images."""
    workers: int | None = None
    """Processes that draw; by default as many as suit the machine and the job."""


def _command(options: AppendOptions) -> None:
    with progress_bar("drawing", options.num_images, "image") as progress:
        manifest = append_samples(options.data, num_images=options.num_images, workers=options.workers, progress=progress)
    print(f"dataset   {options.data}: {manifest.count} images, seed {manifest.seed}")


LAYOUT = Layout(
    examples=("--num-images 500", "data/few --num-images 100"),
)

main = entry_point(AppendOptions, _command, LAYOUT)
