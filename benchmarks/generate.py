"""Times shapeseg's generator against a plain Pillow loop and scikit-image, in one run; writes JSON and a Markdown table.

    python benchmarks/generate.py            # about 10 minutes on two free cores; 6 GB of temporary files
    python benchmarks/generate.py --quick    # about a minute
    python benchmarks/generate.py --sections growth --out results/growth    # a part of it

Measured are images a second in memory on one core, images a second to disk, and what a growing number of images does to speed,
memory and verification.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import tyro
from measuring import Contestant, Options, Ratio, Row, fix_threads, publish, race

OURS = "shapeseg: image, label map, instance map, occlusion rates"
AMBIGUITY = "the same and ambiguous pixels"
PILLOW = "Pillow loop: image and mask"
SKIMAGE = "scikit-image random_shapes: image"
DISK_1 = "shapeseg to disk, 1 worker: everything"
DISK_2 = "shapeseg to disk, 2 workers: everything"
PILLOW_DISK = "Pillow loop to disk: image and mask"
BARE_DISK = "nothing but the files: 3 an image, made, written, closed"

RATIOS = (
    Ratio("in memory, times Pillow", OURS, PILLOW, 0.3),
    Ratio("in memory, times scikit-image", OURS, SKIMAGE, 8),
    Ratio("with ambiguous pixels, times without", AMBIGUITY, OURS, 0.33),
    Ratio("to disk, 2 workers, images a second", DISK_2, None, 3000),
    Ratio("to disk, 2 workers, times Pillow", DISK_2, PILLOW_DISK, 3),
)
PACKAGES = ("shapeseg", "numpy", "opencv-python", "zlib-ng", "pillow", "scikit-image")
Section = Literal["memory", "disk", "growth"]


@dataclass(frozen=True)
class GenerateOptions(Options):
    """What to run."""

    sections: tuple[Section, ...] = ("memory", "disk", "growth")
    """What to measure: speed in memory, speed to disk, or what a growing number of images changes."""


def main(argv: Sequence[str] | None = None) -> None:
    """Runs what is asked for."""
    options = tyro.cli(GenerateOptions, args=argv, description=__doc__)
    fix_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        # Nothing is removed before the end: some file systems make new files slowly where many have just been removed.
        folders = (Path(scratch) / str(number) for number in itertools.count())
        if "memory" in options.sections:
            rates = race(in_memory(options), options.turns)
            publish("generate_memory", options, PACKAGES, rates=rates, ratios=RATIOS)
        if "disk" in options.sections:
            rates = race(to_disk(options, folders), options.turns, between=os.sync)
            publish("generate_disk", options, PACKAGES, rates=rates, ratios=RATIOS)
        if "growth" in options.sections:
            growth = [grow(next(folders), count) for count in sizes(options)]
            publish("generate_growth", replace(options, rounds=1), PACKAGES, more={"growth": growth})


def in_memory(options: Options) -> list[Contestant]:
    """Returns the contestants that draw in memory, on one core, and keep nothing."""
    import cv2
    from generate_peers import pillow_pair, skimage_image

    from shapeseg.scenes import SceneSettings, Truth, sample_scene

    cv2.setNumThreads(1)
    settings = SceneSettings()

    def ours(number: int) -> Truth:
        truth = sample_scene(settings, seed=0, index=number).render()
        _ = truth.target(), truth.occlusion_rates
        return truth

    images = options.images or (1000 if options.quick else 5000)
    contestants = [
        Contestant(OURS, images, each(ours)),
        Contestant(AMBIGUITY, images, each(lambda number: ours(number).ambiguous)),
        Contestant(PILLOW, images, each(lambda _: pillow_pair())),
    ]
    if importlib.util.find_spec("skimage") is None:
        print("scikit-image is not installed and is left out: pip install -r benchmarks/requirements.txt\n")
        return contestants
    return [*contestants, Contestant(SKIMAGE, -(-images // 10), each(skimage_image))]


def each(draw: Callable[[int], object]) -> Callable[[range], None]:
    """Returns what draws one image after the other and keeps none."""

    def draw_all(numbers: range) -> None:
        for number in numbers:
            draw(number)

    return draw_all


def to_disk(options: Options, folders: Iterator[Path]) -> list[Contestant]:
    """Returns the contestants that write what they draw, each time to the next of ``folders``."""
    from generate_peers import save_pillow_pairs, write_bare_files

    from shapeseg.datasets import create_dataset

    def create(numbers: range, workers: int) -> None:
        create_dataset(next(folders), num_images=len(numbers), seed=numbers.start, workers=workers)

    images = options.images or (2000 if options.quick else 20000)
    return [
        Contestant(DISK_1, images, lambda numbers: create(numbers, 1)),
        Contestant(DISK_2, images, lambda numbers: create(numbers, 2)),
        Contestant(PILLOW_DISK, -(-images // 10), lambda numbers: save_pillow_pairs(next(folders), len(numbers))),
        Contestant(BARE_DISK, images, lambda numbers: write_bare_files(next(folders), len(numbers))),
    ]


def sizes(options: Options) -> tuple[int, ...]:
    """Returns how many images the datasets have by which growth is measured."""
    if options.images:
        return options.images, 2 * options.images
    return (1000, 10000) if options.quick else (1000, 10000, 20000, 100000, 200000)


def grow(folder: Path, count: int) -> Row:
    """Creates and verifies a dataset of ``count`` images with 2 workers, in a process of its own."""
    script = Path(__file__).with_name("generate_growth.py")
    answer = subprocess.run([sys.executable, script, folder, str(count)], check=True, capture_output=True, text=True).stdout
    os.sync()
    return {"images": count, **json.loads(answer)}


if __name__ == "__main__":
    main()
