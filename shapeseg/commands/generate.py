"""``generate``: a new dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from shapeseg.commands.command_line import CommonOptions, run
from shapeseg.commands.progress import progress_bar
from shapeseg.datasets import DatasetSettings, Manifest, SplitSettings, create_dataset
from shapeseg.datasets.draw import estimate_bytes
from shapeseg.datasets.ray_chunks import LOCAL
from shapeseg.datasets.staging import refuse_existing
from shapeseg.errors import UsageError
from shapeseg.scenes import SceneSettings


@dataclass(frozen=True)
class GenerateOptions(CommonOptions):
    """Draw a new dataset of images, exact masks and metadata."""

    out: Path = Path("data/shapes")
    """Folder to make; one that holds anything is never overwritten."""
    num_images: int = 1000
    """How many images."""
    seed: int = 0
    """Seed of every random choice; the same seed gives the same pixels."""
    workers: int | None = None
    """Processes that draw; by default as many as the machine and the job are good for. They do not change the result."""
    engine: Literal["processes", "ray"] = "processes"
    """Who draws: processes of this machine, or a Ray cluster that shares its disk. It does not change the result."""
    ray_address: str | None = None
    """Address of the cluster; by default one is started on this machine."""
    scene: Annotated[SceneSettings, tyro.conf.arg(name="")] = SceneSettings()
    splits: Annotated[SplitSettings, tyro.conf.arg(name="")] = SplitSettings()

    def __post_init__(self) -> None:
        if self.ray_address is not None and self.engine != "ray":
            raise UsageError("an address is for a cluster", received=self.ray_address, fix="Add --engine ray")


def generate(options: GenerateOptions) -> Manifest:
    """Draws the dataset with a progress bar and says where it is."""
    refuse_existing(options.out)
    settings = DatasetSettings(options.scene, options.splits)
    if options.num_images > 0:
        size = estimate_bytes(settings, options.seed, options.num_images)
        print(f"drawing   {options.num_images} images, about {size / 1e6:,.0f} MB, into {options.out}")
    with progress_bar("drawing", options.num_images, "image") as progress:
        manifest = create_dataset(
            options.out,
            num_images=options.num_images,
            seed=options.seed,
            settings=settings,
            workers=options.workers,
            progress=progress,
            cluster=(options.ray_address or LOCAL) if options.engine == "ray" else None,
        )
    print(f"dataset   {options.out}: {manifest.count} images, seed {manifest.seed}")
    return manifest


def _command(options: GenerateOptions) -> None:
    generate(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(GenerateOptions, _command, argv, prog)
