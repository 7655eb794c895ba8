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

_POOLED = ("iou", "precision", "recall")
_WORST = 5

Arms = Mapping[str, Sequence[SetScores]]
"""Of one test set: the scores of every seed of every arm."""


def iou_matrix(arms: Arms) -> dict[str, dict[str, Any]]:
    """Returns, for each arm, pooled IoU on all and on decidable pixels, precision and recall, and differences to ``BASE``."""
    pixels = {arm: _pooled([each.pixels for each in seeds]) for arm, seeds in arms.items()}
    decidable = {arm: _pooled([each.decidable for each in seeds]) for arm, seeds in arms.items()}
    return {
        arm: {
            **{name: pixels[arm].column(place) for place, name in enumerate(_POOLED)},
            "iou_decidable": decidable[arm].column(0),
            "difference": pixels[arm].column(0, pixels[BASE]),
            "difference_decidable": decidable[arm].column(0, decidable[BASE]),
        }
        for arm in arms
    }


def response(arms: Arms) -> dict[str, Any]:
    """Returns what occlusion does on scenes that hide one rectangle each, by the colour of what hides it.

    Returns:
        For each of ``OCCLUDERS``: ``n`` and mean ``rate`` of the rectangles of each bin; and by arm and bin, with differences
        to ``BASE``, their ``recall``, and ``invented``: pixels wrongly predicted to be rectangle, of images whose most hidden
        rectangle is in the bin.
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


def _pooled(counts: Sequence[NDArray[np.int64]]) -> SeedMeans:
    """Returns the scores of ``_POOLED``, in that order, of counts as of :class:`SetScores`."""
    right, missed, invented = np.moveaxis(np.stack(counts).astype(np.float64), -1, 0)  # each (seeds, images)
    wholes = (right + missed + invented, right + invented, right + missed)
    return SeedMeans(np.stack([right] * len(wholes), axis=-1), np.stack(wholes, axis=-1))


def _response(arms: Arms, colors: Sequence[str] | None) -> dict[str, Any]:
    def chosen(one: Rectangle) -> bool:
        return colors is None or one.occluder_color in colors

    first = arms[BASE][0]
    n = _table(first, lambda one: float(chosen(one))).sum(0)
    rate = _table(first, lambda one: one.occlusion_rate * chosen(one)).sum(0)
    recalls, invented = {}, {}
    for arm, seeds in arms.items():
        found = np.stack([_table(each, lambda one: (one.recall or 0.0) * chosen(one)) for each in seeds])
        recalls[arm] = SeedMeans(found, np.stack([_table(each, lambda one: float(chosen(one))) for each in seeds]))
        images = np.stack([_images(each, chosen) for each in seeds])
        invented[arm] = SeedMeans(images * np.stack([each.pixels[:, 2:] for each in seeds]), images)
    return {
        "n": dict(zip(BINS, n.astype(int).tolist(), strict=True)),
        "rate": {name: total / count if count else None for name, total, count in zip(BINS, rate, n, strict=True)},
        "recall": _by_bin(recalls),
        "invented": _by_bin(invented),
    }


def _by_bin(means: Mapping[str, SeedMeans]) -> dict[str, dict[str, Any]]:
    return {
        arm: {name: mean.column(place) | {"difference": mean.column(place, means[BASE])} for place, name in enumerate(BINS)}
        for arm, mean in means.items()
    }


def _table(scores: SetScores, value: Callable[[Rectangle], float]) -> NDArray[np.float64]:
    """Adds up a value over the rectangles with a recall: float64 (images, bins)."""
    table = np.zeros((len(scores.pixels), len(BINS)))
    for one in scores.rectangles:
        if one.recall is not None:
            table[one.place, BINS.index(one.occlusion)] += value(one)
    return table


def _images(scores: SetScores, chosen: Callable[[Rectangle], bool]) -> NDArray[np.float64]:
    """Puts each image into the bin of its most hidden rectangle, if that is chosen: float64 (images, bins), 0 or 1."""
    most: dict[int, Rectangle] = {}
    for one in scores.rectangles:
        if one.recall is not None and one.occlusion_rate >= most.get(one.place, one).occlusion_rate:
            most[one.place] = one
    table = np.zeros((len(scores.pixels), len(BINS)))
    for place, one in most.items():
        table[place, BINS.index(one.occlusion)] = chosen(one)
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
