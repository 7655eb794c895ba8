"""Rectangles in groups: by how much of them is hidden, by what, and into how many pieces it cuts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from shapeseg.evaluation.counts import ratio
from shapeseg.evaluation.instances import InstanceRecord
from shapeseg.evaluation.intervals import RECALL_IMAGES, RECTANGLE_IOU_IMAGES, Interval, intervals
from shapeseg.scenes.occlusion import BIN_NAMES

LEAST_TOLD = 10
"""A group of fewer rectangles stands in no headline."""


class GroupScores(TypedDict):
    """How many rectangles of how many images are in a group, and their mean scores; None where none is defined."""

    n: int
    images: int
    recall: float | None
    recall_interval: Interval
    iou: float | None
    iou_interval: Interval


class BreakdownCell(GroupScores):
    """The rectangles that are hidden alike."""

    occlusion: str
    occluder_kind: str
    occluder_color: str
    pieces: str


def tells(group: GroupScores) -> bool:
    """Whether there are enough rectangles in a group to quote its scores on their own."""
    return group["n"] >= LEAST_TOLD


def by_occlusion(images: Sequence[Sequence[InstanceRecord]]) -> dict[str, GroupScores]:
    """Scores the rectangles of every occlusion bin; ignored ones are left out."""
    members = [[(record.occlusion, record) for record in records if not record.ignored] for records in images]
    return grouped(members, BIN_NAMES)


def breakdown(images: Sequence[Sequence[InstanceRecord]]) -> list[BreakdownCell]:
    """Scores the rectangles by occlusion bin, kind and colour of what hides them, and pieces: every cell that has any.

    Ignored and wholly hidden ones are left out.
    """
    members = [
        [(_cell(record), record) for record in records if not record.ignored and record.pieces != "hidden"]
        for records in images
    ]
    order = {name: place for place, name in enumerate(BIN_NAMES)}
    cells = sorted({cell for each in members for cell, _ in each}, key=lambda cell: (order[cell[0]], *cell[1:]))
    return [
        {"occlusion": occlusion, "occluder_kind": kind, "occluder_color": color, "pieces": pieces, **scores}
        for (occlusion, kind, color, pieces), scores in grouped(members, cells).items()
    ]


def grouped(images: Sequence[Sequence[tuple[Any, InstanceRecord]]], groups: Iterable[Any]) -> dict[Any, GroupScores]:
    """Returns, for each group, how many rectangles of how many images it has, and their mean recall and IoU with intervals.

    A mean is over the rectangles of which the score is defined; None when there are none.

    Args:
        images: For each image its rectangles, each with its group.
        groups: In the order of the result.
    """
    column = {group: place for place, group in enumerate(groups)}
    n = np.zeros((len(images), len(column)), np.int64)
    for row, members in enumerate(images):
        for group, _ in members:
            n[row, column[group]] += 1
    recall = _means(images, column, lambda record: record.recall, RECALL_IMAGES)
    iou = _means(images, column, lambda record: record.iou, RECTANGLE_IOU_IMAGES)
    return {
        group: {
            "n": int(n[:, place].sum()),
            "images": int(np.count_nonzero(n[:, place])),
            "recall": recall[place][0],
            "recall_interval": recall[place][1],
            "iou": iou[place][0],
            "iou_interval": iou[place][1],
        }
        for group, place in column.items()
    }


def _means(
    images: Sequence[Sequence[tuple[Any, InstanceRecord]]],
    column: Mapping[Any, int],
    score: Callable[[InstanceRecord], float | None],
    least_images: int,
) -> list[tuple[float | None, Interval]]:
    """Returns mean and interval of a score for each column; none of fewer images."""
    total, defined = np.zeros((2, len(images), len(column)))
    for row, members in enumerate(images):
        for group, record in members:
            if (value := score(record)) is not None:
                total[row, column[group]] += value
                defined[row, column[group]] += 1
    means = [ratio(*each) for each in zip(total.sum(0).tolist(), defined.sum(0).tolist(), strict=True)]
    return list(zip(means, intervals(total, defined, least_images), strict=True))


def _cell(record: InstanceRecord) -> tuple[str, str, str, str]:
    return record.occlusion, record.occluder_kind, record.occluder_color, record.pieces
