"""Times how fast examples reach training: shapeseg's feed against torch's DataLoader over the same PNG files.

    python benchmarks/feed.py            # about a minute
    python benchmarks/feed.py --quick    # a few seconds

Every contestant gives batches of 8 images and masks. The loader's dataset decodes them with Pillow, as most code does.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import tyro
from measuring import Contestant, Options, Ratio, fix_threads, publish, race

BATCH = 8
RENDERED = "shapeseg feed: scenes rendered again"
AUGMENTED = "the same with the default augmentation"
DECODED = "shapeseg feed of a plain folder: PNGs decoded"
LOADER = "torch DataLoader, in the process"
LOADER_2 = "torch DataLoader, 2 workers"
RATIOS = (
    Ratio("rendered again, times DataLoader", RENDERED, LOADER, 1),
    Ratio("rendered again and augmented, times DataLoader", AUGMENTED, LOADER, 1),
    Ratio("PNGs decoded, times DataLoader", DECODED, LOADER, 1),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Writes a dataset, then lets everyone read it in turn."""
    options = tyro.cli(Options, args=argv, description=__doc__)
    fix_threads(1)
    images = options.images or (400 if options.quick else 2000)
    with tempfile.TemporaryDirectory() as scratch:
        rates = race(contestants(Path(scratch), images), options.turns)
    publish("feed", options, ("shapeseg", "keras", "torch", "pillow", "opencv-python"), rates=rates, ratios=RATIOS)


def contestants(scratch: Path, images: int) -> list[Contestant]:
    """Returns who reads the dataset that this writes."""
    from shapeseg.environment import prepare_keras

    prepare_keras(device="cpu")
    from feed_peer import loader

    from shapeseg.datasets import Dataset, create_dataset
    from shapeseg.datasets.augmentation import OF_SHAPES
    from shapeseg.datasets.feed import Feed

    ours, plain = scratch / "shapes", scratch / "plain"
    create_dataset(ours, num_images=images, seed=0)
    for name in ("images", "masks"):
        shutil.copytree(ours / name, plain / name)
    data = Dataset(ours)
    feeds: dict[str, Feed] = {
        RENDERED: data.feed(BATCH),
        AUGMENTED: data.feed(BATCH, shuffle_seed=0, augmentation=OF_SHAPES),
        DECODED: Dataset(plain).feed(BATCH),
    }
    peers = {LOADER: loader(plain, BATCH, workers=0), LOADER_2: loader(plain, BATCH, workers=2)}
    served = [
        Contestant(name, images, lambda _, feed=feed: exhaust(map(feed.__getitem__, range(len(feed)))))
        for name, feed in feeds.items()
    ]
    return [*served, *(Contestant(name, images, lambda _, peer=peer: exhaust(peer)) for name, peer in peers.items())]


def exhaust(batches: Iterable[object]) -> None:
    """Asks for every batch and keeps none."""
    for _ in batches:
        pass


if __name__ == "__main__":
    main()
