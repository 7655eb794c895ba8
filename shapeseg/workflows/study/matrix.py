"""The numbers of the occlusion study: every arm on every test set, and what differs from the arm that trains on all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.intervals import RECALL_IMAGES
from shapeseg.scenes.occlusion import BIN_NAMES
from shapeseg.workflows.study.intervals import SeedMeans
from shapeseg.workflows.study.record import Compared, Counterfactual, Loss, MatrixCell, ResponseCurve
from shapeseg.workflows.study.scores import Rectangle, SetScores
from shapeseg.workflows.study.settings import BASE

VISIBLE_BINS = BIN_NAMES[:-1]  # of wholly hidden rectangles nothing can be found
OCCLUDERS = {"any": None, "other": ("none", "other"), "same": ("none", "same")}
"""Which rectangles are in a response curve, by the colour of what hides them; free ones are in all."""

_WORST = 5

Arms = Mapping[str, Sequence[SetScores]]
"""Of one test set: the scores of every seed of every arm."""


def iou_matrix(arms: Arms) -> dict[str, MatrixCell]:
    """Returns, for each arm, pooled IoU on all and on decidable pixels, precision and recall, and differences to ``BASE``."""
    pixels = {arm: _pooled([each.pixels for each in seeds]) for arm, seeds in arms.items()}
    decidable = {arm: _pooled([each.decidable for each in seeds]) for arm, seeds in arms.items()}
    return {
        arm: {
            "iou": pixels[arm].mean(0),
            "precision": pixels[arm].mean(1),
            "recall": pixels[arm].mean(2),
            "iou_decidable": decidable[arm].mean(0),
            "difference": pixels[arm].difference(0, pixels[BASE]),
            "difference_decidable": decidable[arm].difference(0, decidable[BASE]),
        }
        for arm in arms
    }


def response(arms: Arms) -> dict[str, ResponseCurve]:
    """Returns what occlusion does on scenes that hide one rectangle each, by the colour of what hides it.

    Returns:
        For each of ``OCCLUDERS``: ``n`` and mean ``rate`` of the rectangles of each bin; and by arm and bin, with differences
        to ``BASE``, their ``recall``, and ``invented``: pixels wrongly predicted to be rectangle, of images whose most hidden
        rectangle is in the bin.
    """
    return {name: _response(arms, colors) for name, colors in OCCLUDERS.items()}


def counterfactual(natural: Arms, removed: Arms, pairs: Sequence[Mapping[int, int]]) -> Counterfactual:
    """Returns how recall changes when what hides a rectangle is taken away: the same rectangles in both scenes.

    Args:
        natural: Scores on scenes as they are.
        removed: Scores on their twins without occluders.
        pairs: For each image, as of ``shapeseg.workflows.study.scores.pairs_of``.

    Returns:
        ``n`` by bin of the occlusion before, and for each arm, by bin, ``before``, ``after`` and ``change`` of the recall.
        The bin ``any`` is all occluded ones together.
    """
    tables = {arm: _changes(natural[arm], removed[arm], pairs) for arm in natural}
    columns = [*VISIBLE_BINS[1:], "any"]
    found = {
        arm: {name: SeedMeans(part, table["n"], RECALL_IMAGES) for name, part in table.items() if name != "n"}
        for arm, table in tables.items()
    }
    return {
        "n": dict(zip(columns, tables[BASE]["n"][0].sum(0).astype(int).tolist(), strict=True)),
        "arms": {
            arm: {
                column: {
                    "before": means["before"].mean(place),
                    "after": means["after"].mean(place),
                    "change": means["change"].difference(place),
                    "difference": means["change"].difference(place, found[BASE]["change"]),
                }
                for place, column in enumerate(columns)
            }
            for arm, means in found.items()
        },
    }


def largest_losses(arms: Arms, indices: Sequence[int]) -> dict[str, list[Loss]]:
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
    """Returns IoU, precision and recall, in that order, of counts as of :class:`SetScores`."""
    right, missed, invented = np.moveaxis(np.stack(counts).astype(np.float64), -1, 0)  # each (seeds, images)
    wholes = (right + missed + invented, right + invented, right + missed)
    return SeedMeans(np.stack([right] * len(wholes), axis=-1), np.stack(wholes, axis=-1))


def _response(arms: Arms, colors: Sequence[str] | None) -> ResponseCurve:
    def chosen(one: Rectangle) -> bool:
        return colors is None or one.occluder_color in colors

    first = arms[BASE][0]
    n = _table(first, lambda one: float(chosen(one))).sum(0)
    rate = _table(first, lambda one: one.occlusion_rate * chosen(one)).sum(0)
    recalls, invented = {}, {}
    for arm, seeds in arms.items():
        found = np.stack([_table(each, lambda one: (one.recall or 0.0) * chosen(one)) for each in seeds])
        wholes = np.stack([_table(each, lambda one: float(chosen(one))) for each in seeds])
        recalls[arm] = SeedMeans(found, wholes, RECALL_IMAGES)
        images = np.stack([_images(each, chosen) for each in seeds])
        invented[arm] = SeedMeans(images * np.stack([each.pixels[:, 2:] for each in seeds]), images, RECALL_IMAGES)
    return {
        "n": dict(zip(VISIBLE_BINS, n.astype(int).tolist(), strict=True)),
        "rate": {name: total / count if count else None for name, total, count in zip(VISIBLE_BINS, rate, n, strict=True)},
        "recall": _by_bin(recalls),
        "invented": _by_bin(invented, most=np.inf),
    }


def _by_bin(means: Mapping[str, SeedMeans], most: float = 1) -> dict[str, dict[str, Compared]]:
    return {
        arm: {
            name: {**mean.mean(place, most=most), "difference": mean.difference(place, means[BASE])}
            for place, name in enumerate(VISIBLE_BINS)
        }
        for arm, mean in means.items()
    }


def _table(scores: SetScores, value: Callable[[Rectangle], float]) -> NDArray[np.float64]:
    """Adds up a value over the rectangles with a recall: float64 (images, bins)."""
    table = np.zeros((len(scores.pixels), len(VISIBLE_BINS)))
    for one in scores.rectangles:
        if one.recall is not None:
            table[one.place, VISIBLE_BINS.index(one.occlusion)] += value(one)
    return table


def _images(scores: SetScores, chosen: Callable[[Rectangle], bool]) -> NDArray[np.float64]:
    """Puts each image into the bin of its most hidden rectangle, if that is chosen: float64 (images, bins), 0 or 1."""
    most: dict[int, Rectangle] = {}
    for one in scores.rectangles:
        if one.recall is not None and one.occlusion_rate >= most.get(one.place, one).occlusion_rate:
            most[one.place] = one
    table = np.zeros((len(scores.pixels), len(VISIBLE_BINS)))
    for place, one in most.items():
        table[place, VISIBLE_BINS.index(one.occlusion)] = chosen(one)
    return table


def _changes(
    natural: Sequence[SetScores], removed: Sequence[SetScores], pairs: Sequence[Mapping[int, int]]
) -> dict[str, NDArray[np.float64]]:
    """Returns sums over the pairs: float64 (seeds, images, bins and any) of each of four names.

    A rectangle that is still hidden in its twin, by what was below its occluder, is left out.
    """
    names = ("n", "before", "after", "change")
    tables = {name: np.zeros((len(natural), len(pairs), len(VISIBLE_BINS))) for name in names}
    for seed, (before, after) in enumerate(zip(natural, removed, strict=True)):
        twins = {(each.place, each.instance): each.recall for each in after.rectangles if each.occlusion_rate == 0}
        for each in before.rectangles:
            twin = twins.get((each.place, pairs[each.place].get(each.instance, 0)))
            if each.occlusion_rate > 0 and each.recall is not None and twin is not None:
                values = dict(zip(names, (1.0, each.recall, twin, twin - each.recall), strict=True))
                for column in (VISIBLE_BINS.index(each.occlusion) - 1, len(VISIBLE_BINS) - 1):
                    for name, value in values.items():
                        tables[name][seed, each.place, column] += value
    return tables
