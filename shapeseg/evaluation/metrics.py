"""The scores of a set of images: what ``metrics.json`` holds, from what was measured of each image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from shapeseg.evaluation.ambiguous_pixels import AmbiguousScores
from shapeseg.evaluation.calibration import Calibration
from shapeseg.evaluation.counts import PooledScores, Summary, pooled, pooled_scores, summarise
from shapeseg.evaluation.groups import BreakdownCell, GroupScores, breakdown, by_occlusion
from shapeseg.evaluation.image_result import NARROW_BANDS, ImageResult
from shapeseg.evaluation.intervals import POOLED_IMAGES, Interval, intervals
from shapeseg.evaluation.panoptic import PanopticQuality, panoptic_quality
from shapeseg.scenes.scene import Target


class PixelMetrics(Summary):
    """What is known of any dataset."""

    iou_interval: Interval
    boundary_iou: dict[str, float | None]
    effects: dict[str, PooledScores] | None


class PiecesMetrics(PanopticQuality):
    """Panoptic quality, and how many rectangles touch another."""

    touching_rectangles: int | None


class RecipeMetrics(TypedDict):
    """Scores that need recipes; None where unknown."""

    iou_decidable: float | None
    by_occlusion: dict[str, GroupScores] | None
    breakdown: list[BreakdownCell] | None
    panoptic: PiecesMetrics
    wrong_pixels: dict[str, int | None] | None
    undefined: dict[str, int]


class Calibrations(TypedDict):
    """Calibration of all pixels, and of those for which no other label was found, or one was."""

    all: Calibration
    decidable: Calibration | None
    ambiguous: Calibration | None


class AppliedOptions(TypedDict):
    """What was done to predictions before they were measured."""

    tta: bool
    min_component: int


class Scores(PixelMetrics, RecipeMetrics):
    """All that is measured of a model on a dataset.

    ``ambiguous`` is None where it is not known which pixels are, nor how probable their labels.
    ``trained_on`` counts the images that the model learned from, None where that is unknown; ``beyond_search`` the pixels of
    shapes whose ambiguity was not searched, None without recipes.
    """

    threshold: float
    target: Target
    iou_ceiling: float | None
    calibration: Calibrations
    ambiguous: AmbiguousScores | None
    options: AppliedOptions
    trained_on: int | None
    beyond_search: int | None


class Origin(TypedDict):
    """Where scores come from."""

    model: str
    model_sha256: str
    dataset: str
    dataset_sha256: str
    backend: str
    versions: dict[str, str]
    command: str


class Metrics(Scores, Origin):
    """The content of ``metrics.json``; ``target_name`` is what people call the target."""

    split: str
    target_name: str


def pixel_metrics(results: Sequence[ImageResult]) -> PixelMetrics:
    """Returns what is known of any dataset: pooled and per image scores, boundary IoU, effects of options."""
    counts = [result.counts for result in results]
    unions = [sum(each) for each in counts]
    return {
        **summarise(counts),
        "iou_interval": intervals([each.both for each in counts], unions, POOLED_IMAGES)[0],
        "boundary_iou": _boundary_iou(results),
        "effects": _effects(results),
    }


def recipe_metrics(results: Sequence[ImageResult], *, has_recipes: bool, decides: bool) -> RecipeMetrics:
    """Returns the scores that need recipes; None where unknown.

    Args:
        results: Results of each image.
        has_recipes: Whether the scenes of the images are known.
        decides: Whether pixels are decidable or ambiguous: not of the amodal target, nor where recipes are unknown.
    """
    instances = [result.instances for result in results]
    quality = panoptic_quality(result.matches for result in results)
    touching = sum(record.touching for records in instances for record in records if not record.ignored)
    return {
        "iou_decidable": pooled(result.decidable for result in results).iou if decides else None,
        "by_occlusion": by_occlusion(instances) if has_recipes else None,
        "breakdown": breakdown(instances) if has_recipes else None,
        "panoptic": {**quality, "touching_rectangles": touching if has_recipes else None},
        "wrong_pixels": _wrong_pixels(results, decides) if has_recipes else None,
        "undefined": _undefined(results),
    }


def reliability_groups(metrics: Scores) -> dict[str, Calibration]:
    """Returns the calibration of decidable and of ambiguous pixels, or of all where these are unknown.

    Of ambiguous pixels the exact probability counts, not the label that was drawn.
    """
    measured, exact = metrics["calibration"], metrics["ambiguous"]
    groups = {"decidable": measured["decidable"]}
    if exact is not None:
        error = exact["calibration_error"]
        groups["ambiguous"] = Calibration(expected_error=error, pixels=exact["pixels"], bins=exact["bins"])
    return {name: group for name, group in groups.items() if group is not None} or {"all": measured["all"]}


def _boundary_iou(results: Sequence[ImageResult]) -> dict[str, float | None]:
    """Returns the boundary IoU by band width in pixels; where images differ in size, so do official widths: ``4-9``."""
    official = sorted({result.official_width for result in results})
    last = str(official[0]) if len(official) == 1 else f"{official[0]}-{official[-1]}"
    names = (*map(str, NARROW_BANDS), last)
    return {name: pooled(result.boundary[place] for result in results).iou for place, name in enumerate(names)}


def _effects(results: Sequence[ImageResult]) -> dict[str, PooledScores] | None:
    return {name: pooled_scores(pooled(result.effects[name] for result in results)) for name in results[0].effects} or None


def _wrong_pixels(results: Sequence[ImageResult], decides: bool) -> dict[str, int | None]:
    total: Counter[str] = Counter()
    for result in results:
        total.update(result.places or {})
    return {name: pixels if decides or name != "ambiguous" else None for name, pixels in total.items()}


def _undefined(results: Sequence[ImageResult]) -> dict[str, int]:
    """Counts the images and rectangles whose score is undefined and so is in no mean."""
    records = [record for result in results for record in result.instances if not record.ignored]
    return {
        "iou_per_image": sum(result.counts.iou is None for result in results),
        "recall_per_rectangle": sum(record.recall is None for record in records),
        "iou_per_rectangle": sum(record.iou is None for record in records),
    }
