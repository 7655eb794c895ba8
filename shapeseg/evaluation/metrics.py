"""The scores of a set of images: what ``metrics.json`` holds, from what was measured of each image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shapeseg.evaluation.bootstrap import intervals
from shapeseg.evaluation.counts import Counts, pooled
from shapeseg.evaluation.groups import breakdown, by_occlusion
from shapeseg.evaluation.image_result import NARROW_BANDS, ImageResult
from shapeseg.evaluation.panoptic import panoptic_quality
from shapeseg.evaluation.scores import summarise

POOLED = ("iou", "dice", "precision", "recall")


def pixel_metrics(results: Sequence[ImageResult]) -> dict[str, Any]:
    """Returns what is known of any dataset: pooled and per image scores, boundary IoU, effects of options."""
    counts = [result.counts for result in results]
    unions = [sum(each) for each in counts]
    return {
        **summarise(counts),
        "iou_interval": intervals([each.both for each in counts], unions)[0],
        "boundary_iou": _boundary_iou(results),
        "effects": _effects(results),
    }


def recipe_metrics(results: Sequence[ImageResult], *, has_recipes: bool, decides: bool) -> dict[str, Any]:
    """Returns what only recipes tell; None where it is unknown.

    Args:
        results: Of each image.
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
        "panoptic": quality | {"touching_rectangles": touching if has_recipes else None},
        "wrong_pixels": _wrong_pixels(results, decides) if has_recipes else None,
        "undefined": _undefined(results),
    }


def _boundary_iou(results: Sequence[ImageResult]) -> dict[str, float | None]:
    """Returns the boundary IoU by band width in pixels; where images differ in size, so do official widths: ``4-9``."""
    official = sorted({result.official_width for result in results})
    last = str(official[0]) if len(official) == 1 else f"{official[0]}-{official[-1]}"
    names = (*map(str, NARROW_BANDS), last)
    return {name: pooled(result.boundary[place] for result in results).iou for place, name in enumerate(names)}


def _effects(results: Sequence[ImageResult]) -> dict[str, dict[str, float | None]] | None:
    totals = {name: pooled(result.effects[name] for result in results) for name in results[0].effects}
    return {name: _scores(total) for name, total in totals.items()} or None


def _scores(counts: Counts) -> dict[str, float | None]:
    return {name: getattr(counts, name) for name in POOLED}


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
