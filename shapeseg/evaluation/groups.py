"""Rectangles in groups: by how much of them is hidden, by what, and into how many pieces it cuts them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from shapeseg.datasets.statistics import bin_names
from shapeseg.evaluation.bootstrap import intervals
from shapeseg.evaluation.counts import ratio
from shapeseg.evaluation.instances import InstanceRecord

BREAKDOWN = ("occlusion", "occluder_kind", "occluder_color", "pieces")
_SCORES = ("recall", "iou")


def by_occlusion(images: Sequence[Sequence[InstanceRecord]]) -> dict[str, dict[str, Any]]:
    """Scores the rectangles of every occlusion bin; ignored ones are left out."""
    members = [[(record.occlusion, record) for record in records if not record.ignored] for records in images]
    return grouped(members, bin_names())


def breakdown(images: Sequence[Sequence[InstanceRecord]]) -> list[dict[str, Any]]:
    """Scores the rectangles by occlusion bin, kind and colour of what hides them, and pieces: every cell that has any.

    Ignored and wholly hidden ones are left out.
    """
    members = [
        [(_cell(record), record) for record in records if not record.ignored and record.pieces != "hidden"]
        for records in images
    ]
    order = {name: place for place, name in enumerate(bin_names())}
    cells = sorted({cell for each in members for cell, _ in each}, key=lambda cell: (order[cell[0]], *cell[1:]))
    return [dict(zip(BREAKDOWN, cell, strict=True)) | scores for cell, scores in grouped(members, cells).items()]


def grouped(images: Sequence[Sequence[tuple[Any, InstanceRecord]]], groups: Iterable[Any]) -> dict[Any, dict[str, Any]]:
    """Returns, for each group, how many rectangles of how many images it has, and their mean recall and IoU with intervals.

    A mean is over the rectangles of which the score is defined; None when there are none.

    Args:
        images: For each image its rectangles, each with its group.
        groups: In the order of the result.
    """
    column = {group: place for place, group in enumerate(groups)}
    n = np.zeros((len(images), len(column)), np.int64)
    sums = {score: np.zeros((2, len(images), len(column))) for score in _SCORES}
    for row, members in enumerate(images):
        for group, record in members:
            n[row, column[group]] += 1
            for score in _SCORES:
                if (value := getattr(record, score)) is not None:
                    sums[score][:, row, column[group]] += value, 1
    result: dict[Any, dict[str, Any]] = {
        group: {"n": int(n[:, place].sum()), "images": int(np.count_nonzero(n[:, place]))} for group, place in column.items()
    }
    for score, (total, defined) in sums.items():
        spread = intervals(total, defined)
        for group, place in column.items():
            result[group][score] = ratio(float(total[:, place].sum()), float(defined[:, place].sum()))
            result[group][f"{score}_interval"] = spread[place]
    return result


def _cell(record: InstanceRecord) -> tuple[str, ...]:
    return tuple(getattr(record, name) for name in BREAKDOWN)
