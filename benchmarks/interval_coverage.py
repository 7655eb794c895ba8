"""Simulates how often the intervals of scores hold: the share of 95 % intervals in which the true score lies.

    python benchmarks/interval_coverage.py            # about 3 minutes
    python benchmarks/interval_coverage.py --quick    # about half a minute

What the reference model does on 3000 fresh scenes is taken for all that there is, so that the true scores are known: as it is,
at a threshold of 0.95, and with noise on the images. Samples of these images are drawn again and again, with replacement, and
each gets its intervals. Beside those that shapeseg gives stand percentile bootstraps of 1000 replicates. The last table does
the same for means over seeds, as of the occlusion study: on test sets as small as get an interval, with normal seeds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import tyro
from measuring import QUICK, REFERENCE, Row, fix_threads, table
from numpy.typing import NDArray

if TYPE_CHECKING:
    from shapeseg.datasets.examples import Example
    from shapeseg.evaluation.image_result import ImageResult

Values = NDArray[np.float64]
Population = dict[str, tuple[Values, Values]]
"""Parts and wholes of each score: float64 (images,)."""

SEED = 20_000_003  # of scenes that nothing else draws
SIZES = (4, 10, 20, 30, 90, 120, 300, 1000)
REPLICATES = 1000
SEEDS = (2, 3, 5)  # of a study
SPREADS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class CoverageOptions:
    """How much to simulate."""

    quick: bool = False
    """A tenth of the scenes and of the samples, for a first look."""
    scenes: int = 3000
    """Scenes that stand for all."""
    samples: int = 2000
    """Samples of each size."""


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    options = tyro.cli(CoverageOptions, args=argv, description=__doc__)
    if options.quick:
        options = replace(options, scenes=options.scenes // 10, samples=options.samples // 10)
        print(f"{QUICK}\n")
    fix_threads(1)
    models = populations(options.scenes)
    random = np.random.Generator(np.random.PCG64(SEED))
    print(table([_true_scores(name, found) for name, found in models.items()]))
    print(table(_rows_of_scores(models, options.samples, random)))
    print(table(_rows_of_seeds(models, options.samples, random)))


def populations(scenes: int) -> dict[str, Population]:
    """Measures the reference model on fresh scenes, in three ways."""
    from shapeseg.environment import prepare_keras

    prepare_keras(device="cpu")
    from shapeseg.datasets.examples import FreshScenes, examples
    from shapeseg.evaluation.corruptions import corrupt
    from shapeseg.evaluation.image_result import measure_image
    from shapeseg.evaluation.prediction import predict
    from shapeseg.inference.opened_model import open_model
    from shapeseg.scenes import SceneSettings

    model = open_model(REFERENCE, device="cpu")
    data = FreshScenes(SceneSettings(), seed=SEED, size=scenes, frozen=True)

    def plain_and_noisy() -> Iterator[Example]:
        for example in examples(data):
            yield example
            yield corrupt(example, "noise", 3, seed=SEED, index=example.place)

    found: dict[str, list[ImageResult]] = defaultdict(list)
    for number, prediction in enumerate(predict(model, plain_and_noisy())):
        thresholds = {"noise": model.threshold} if number % 2 else {"reference": model.threshold, "threshold 0.95": 0.95}
        for name, threshold in thresholds.items():
            found[name].append(measure_image(prediction.example, prediction.masks(threshold), model.target))
    return {name: _population(results) for name, results in found.items()}


def _population(results: Sequence[ImageResult]) -> Population:
    from shapeseg.scenes.occlusion import BIN_NAMES

    both, missed, invented = np.array([result.counts for result in results], float).T
    decidable = np.array([result.decidable for result in results], float).T
    found = {
        "IoU": (both, both + missed + invented),
        "IoU, decidable pixels": (decidable[0], decidable.sum(0)),
        "precision": (both, both + invented),
        "recall": (both, both + missed),
    }
    for score in ("iou", "recall"):
        for name in BIN_NAMES[:-1]:
            values = [[getattr(each, score) for each in result.instances if each.occlusion == name] for result in results]
            sums = np.array([[sum(each), len(each)] for each in values], float).T
            found[f"{score.replace('iou', 'IoU')} of rectangles, {name}"] = (sums[0], sums[1])
    return found


def _true_scores(name: str, found: Population) -> Row:
    return {"model": name} | {score: f"{part.sum() / whole.sum():.4f}" for score, (part, whole) in list(found.items())[:4]}


def _rows_of_scores(models: Mapping[str, Population], samples: int, random: np.random.Generator) -> list[Row]:
    """Returns two rows a score: the lowest and the highest coverage of the models, by number of images."""
    rows = []
    for score in models["reference"]:
        covered = {size: [coverage(*found[score], size, samples, random) for found in models.values()] for size in SIZES}
        for place, method in enumerate(("bootstrap", "shapeseg")):
            cells = {str(size): _span([each[place] for each in found]) for size, found in covered.items()}
            rows.append({"score": score, "method": method} | cells)
    return rows


def coverage(part: Values, whole: Values, size: int, samples: int, random: np.random.Generator) -> tuple[float, float]:
    """Returns the share of bootstraps, and of the intervals of shapeseg, that hold the population's score.

    Samples to which shapeseg gives no interval, whatever their size, are left out of the second.

    Args:
        part: Of every image of the population, float64 (images,).
        whole: The same.
        size: Images in a sample, each with a whole.
        samples: How many are drawn.
        random: What draws.
    """
    from shapeseg.evaluation.intervals import intervals

    part, whole = part[whole > 0], whole[whole > 0]
    true = part.sum() / whole.sum()
    drawn = random.integers(0, len(part), (size, samples))
    parts, wholes = part[drawn], whole[drawn]  # (images, samples)
    times = random.multinomial(size, [1 / size] * size, REPLICATES).astype(float)  # (replicates, images)
    low, high = np.percentile((times @ parts) / (times @ wholes), [2.5, 97.5], axis=0)
    given = [interval for interval in intervals(parts, wholes, 2) if interval]
    held = np.mean([low <= true <= high for low, high in given]) if given else math.nan
    return float(np.mean((low <= true) & (true <= high))), float(held)


def _rows_of_seeds(models: Mapping[str, Population], samples: int, random: np.random.Generator) -> list[Row]:
    """Returns three rows a score and number of seeds: coverage by how far the variance of seeds exceeds that of images."""
    scores = {
        "difference of IoU": _deviations(*models["reference"]["IoU"]) - _deviations(*models["threshold 0.95"]["IoU"]),
        "IoU, decidable pixels": _deviations(*models["reference"]["IoU, decidable pixels"]),
    }
    rows = []
    for score, images in scores.items():
        for seeds in SEEDS:
            covered = {spread: coverage_of_seeds(images, seeds, spread, samples, random) for spread in SPREADS}
            for place, method in enumerate(("bootstrap", "t over seeds", "shapeseg")):
                cells = {f"{spread:g}": f"{found[place]:.3f}" for spread, found in covered.items()}
                rows.append({"score": score, "seeds": seeds, "method": method} | cells)
    return rows


def _deviations(part: Values, whole: Values) -> Values:
    """Returns what each image adds to the error of a ratio of sums: float64 (images,), mean 0."""
    return part - part.sum() / whole.sum() * whole


def coverage_of_seeds(
    images: Values, seeds: int, spread: float, samples: int, random: np.random.Generator
) -> tuple[float, ...]:
    """Returns the share that holds the truth, 0, of bootstraps, of t intervals over seeds, and of intervals of the study.

    Args:
        images: What each image adds to the error of a score: float64 (images,), mean 0.
        seeds: Of a study.
        spread: Variance of a seed's own luck, in units of the variance of a mean over the images of a test set. Where it is
            not 0, each seed also has a luck of its own with each image, of half the variance that they share.
        samples: How many studies are drawn.
        random: What draws.
    """
    from shapeseg.evaluation.student import t_bound
    from shapeseg.workflows.study.intervals import LEAST_IMAGES, SeedMeans

    images = images / images.std()
    size = LEAST_IMAGES
    by_image = random.multinomial(size, [1 / size] * size, REPLICATES) / size  # (replicates, images)
    by_seed = random.multinomial(seeds, [1 / seeds] * seeds, REPLICATES) / seeds  # (replicates, seeds)
    held = np.zeros(3)
    for _ in range(samples):
        shared, own = random.choice(images, size), random.choice(images, (seeds, size))
        luck = random.normal(0, math.sqrt(spread / size), (seeds, 1))
        values = shared + (math.sqrt(0.5) * own if spread else 0) + luck  # (seeds, images)
        low, high = np.percentile((by_image @ values.T * by_seed).sum(1), [2.5, 97.5])
        half = t_bound(seeds - 1) * values.mean(1).std(ddof=1) / math.sqrt(seeds)
        found = SeedMeans(values[..., None], np.ones((seeds, size, 1))).difference(0)["interval"] or [math.nan] * 2
        held += low <= 0 <= high, abs(values.mean()) <= half, found[0] <= 0 <= found[1]
    return tuple((held / samples).tolist())


def _span(values: Sequence[float]) -> str:
    """Returns the lowest and the highest share."""
    low, high = min(values), max(values)
    return "-" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


if __name__ == "__main__":
    main()
