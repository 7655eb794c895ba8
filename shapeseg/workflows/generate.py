"""Generation: settings in, a dataset out."""

from __future__ import annotations

from shapeseg.datasets import DatasetSettings, Manifest, create_dataset
from shapeseg.datasets.draw import estimate_bytes
from shapeseg.datasets.ray_chunks import LOCAL
from shapeseg.datasets.shard import parse_shard
from shapeseg.folders import refuse_existing
from shapeseg.terminal import progress_bar
from shapeseg.workflows.options import GenerateOptions


def generate(options: GenerateOptions) -> Manifest:
    """Draws the dataset with a progress bar and says where it is."""
    refuse_existing(options.out)
    settings = DatasetSettings(options.scene, options.splits)
    shard = parse_shard(options.shard) if options.shard else None
    images = len(shard.indices(options.num_images)) if shard else options.num_images
    if images > 0:
        size = estimate_bytes(settings, options.seed, images)
        part = f"{images} of {options.num_images}" if shard else images
        print(f"drawing   {part} images, about {size / 1e6:,.0f} MB, into {options.out}")
    with progress_bar("drawing", images, "image") as progress:
        manifest = create_dataset(
            options.out,
            num_images=options.num_images,
            seed=options.seed,
            settings=settings,
            workers=options.workers,
            progress=progress,
            cluster=(options.ray_address or LOCAL) if options.engine == "ray" else None,
            shard=shard,
        )
    part = f", shard {manifest.shard}" if manifest.shard else ""
    print(f"dataset   {options.out}: {manifest.count} images, seed {manifest.seed}{part}")
    return manifest
