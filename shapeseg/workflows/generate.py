"""Generation: settings in, a dataset out."""

from __future__ import annotations

from shapeseg.datasets import DatasetSettings, Manifest, create_dataset
from shapeseg.datasets.draw import estimate_bytes
from shapeseg.datasets.ray_chunks import LOCAL
from shapeseg.folders import refuse_existing
from shapeseg.terminal import progress_bar
from shapeseg.workflows.options import GenerateOptions


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
