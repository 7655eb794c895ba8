"""The numbers of the occlusion study: every arm on every test set, and what differs from the arm that trains on all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.statistics import bin_names
from shapeseg.evaluation.study_intervals import SeedMeans
from shapeseg.evaluation.study_scores import Rectangle, SetScores

BASE: Final = "all"
"""The arm that the others are compared with."""

BINS = bin_names()[:-1]  # of wholly hidden rectangles nothing can be found
OCCLUDERS = {"any": None, "other": ("none", "other"), "same": ("none", "same")}
"""Which rectangles are in a response curve, by the colour of what hides them; free ones are in all."""

_WORST = 5

Arms = Mapping[str, Sequence[SetScores]]
"""Of one test set: the scores of every seed of every arm."""


def iou_matrix(arms: Arms) -> dict[str, dict[str, Any]]:
    """Returns, for each arm, pooled IoU on all and on decidable pixels, and their differences to ``BASE``."""
    means = {
        arm: {name: _iou([getattr(each, name) for each in seeds]) for name in ("pixels", "decidable")}
        for arm, seeds in arms.items()
    }
    return {
        arm: {
            "iou": mean["pixels"].column(0),
            "iou_decidable": mean["decidable"].column(0),
            "difference": mean["pixels"].column(0, means[BASE]["pixels"]),
            "difference_decidable": mean["decidable"].column(0, means[BASE]["decidable"]),
        }
        for arm, mean in means.items()
    }


def response(arms: Arms) -> dict[str, Any]:
    """Returns the recall of rectangles against how much of them is hidden, by the colour of what hides them.

    Returns:
        For each of ``OCCLUDERS``: ``n`` and mean ``rate`` by bin, and ``arms``: by arm and bin the recall and its difference.
    """
    return {name: _response(arms, colors) for name, colors in OCCLUDERS.items()}


def counterfactual(natural: Arms, removed: Arms, pairs: Sequence[Mapping[int, int]]) -> dict[str, Any]:
    """Returns how recall changes when what hides a rectangle is taken away: the same rectangles in both scenes.

    Args:
        natural: Scores on scenes as they are.
        removed: Scores on their twins without occluders.
        pairs: For each image, as of ``shapeseg.evaluation.study_scores.pairs_of``.

    Returns:
        ``n`` by bin of the occlusion before, and for each arm, by bin, ``before``, ``after`` and ``change`` of the recall.
        The bin ``any`` is all occluded ones together.
    """
    tables = {arm: _changes(natural[arm], removed[arm], pairs) for arm in natural}
    columns = [*BINS[1:], "any"]
    found = {
        arm: {name: SeedMeans(part, table["n"]) for name, part in table.items() if name != "n"}
        for arm, table in tables.items()
    }
    return {
        "n": dict(zip(columns, tables[BASE]["n"][0].sum(0).astype(int).tolist(), strict=True)),
        "arms": {
            arm: {
                column: {name: mean.column(place) for name, mean in means.items()}
                | {"difference": means["change"].column(place, found[BASE]["change"])}
                for place, column in enumerate(columns)
            }
            for arm, means in found.items()
        },
    }


def largest_losses(arms: Arms, indices: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Returns, for each arm but ``BASE``, the images with the most more wrong pixels than ``BASE`` has, in the seeds' mean."""
    wrong = {arm: np.mean([each.pixels[:, 1:].sum(1) for each in seeds], axis=0) for arm, seeds in arms.items()}
    return {
        arm: [
            {"index": indices[place], "place": place, "extra_wrong_pixels": float(extra[place])}
            for place in np.argsort(-extra, kind="stable")[:_WORST].tolist()
        ]
        for arm, extra in ((arm, each - wrong[BASE]) for arm, each in wrong.items() if arm != BASE)
    }


def _iou(counts: Sequence[NDArray[np.int64]]) -> SeedMeans:
    stacked = np.stack(counts).astype(np.float64)  # (seeds, images, 3)
    return SeedMeans(stacked[..., :1], stacked.sum(-1, keepdims=True))


def _response(arms: Arms, colors: Sequence[str] | None) -> dict[str, Any]:
    def chosen(rectangle: Rectangle) -> bool:
        return colors is None or rectangle.occluder_color in colors

    first = arms[BASE][0]
    n = _table(first, lambda each: float(chosen(each))).sum(0)
    rate = _table(first, lambda each: each.occlusion_rate * chosen(each)).sum(0)
    means = {}
    for arm, seeds in arms.items():
        parts = [_table(each, lambda rectangle: (rectangle.recall or 0.0) * chosen(rectangle)) for each in seeds]
        wholes = [_table(each, lambda rectangle: float(chosen(rectangle))) for each in seeds]
        means[arm] = SeedMeans(np.stack(parts), np.stack(wholes))
    return {
        "n": dict(zip(BINS, n.astype(int).tolist(), strict=True)),
        "rate": {name: total / count if count else None for name, total, count in zip(BINS, rate, n, strict=True)},
        "arms": {
            arm: {
                name: mean.column(place) | {"difference": mean.column(place, means[BASE])} for place, name in enumerate(BINS)
            }
            for arm, mean in means.items()
        },
    }


def _table(scores: SetScores, value: Callable[[Rectangle], float]) -> NDArray[np.float64]:
    """Adds up a value over the rectangles with a recall: float64 (images, bins)."""
    table = np.zeros((len(scores.pixels), len(BINS)))
    for rectangle in scores.rectangles:
        if rectangle.recall is not None:
            table[rectangle.place, BINS.index(rectangle.occlusion)] += value(rectangle)
    return table


def _changes(
    natural: Sequence[SetScores], removed: Sequence[SetScores], pairs: Sequence[Mapping[int, int]]
) -> dict[str, NDArray[np.float64]]:
    """Returns sums over the pairs: float64 (seeds, images, bins and any) of each of four names.

    A rectangle that is still hidden in its twin, by what was below its occluder, is left out.
    """
    names = ("n", "before", "after", "change")
    tables = {name: np.zeros((len(natural), len(pairs), len(BINS))) for name in names}
    for seed, (before, after) in enumerate(zip(natural, removed, strict=True)):
        twins = {(each.place, each.instance): each.recall for each in after.rectangles if each.occlusion_rate == 0}
        for each in before.rectangles:
            twin = twins.get((each.place, pairs[each.place].get(each.instance, 0)))
            if each.occlusion_rate > 0 and each.recall is not None and twin is not None:
                values = dict(zip(names, (1.0, each.recall, twin, twin - each.recall), strict=True))
                for column in (BINS.index(each.occlusion) - 1, len(BINS) - 1):
                    for name, value in values.items():
                        tables[name][seed, each.place, column] += value
    return tables
