"""How pages and tables show an interval, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.evaluation.groups import GroupScores
from shapeseg.evaluation.intervals import RECALL_IMAGES, RECTANGLE_IOU_IMAGES

WHY_FEW = (
    f"“Few”: too few for a 95 % interval that holds. Recall needs {RECALL_IMAGES} images with such rectangles, IoU "
    f"{RECTANGLE_IOU_IMAGES}, and both at least two images with an error."
)


def interval_text(interval: Sequence[float] | None, n: int, digits: int = 3) -> str:
    """Returns the interval, or that the n things measured are too few for one."""
    return f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}" if interval else f"few, n = {n}"


def named_interval(interval: Sequence[float] | None, n: int) -> str:
    """Returns the same with the name of the interval."""
    return f"95\u00a0% interval {interval_text(interval, n)}" if interval else interval_text(interval, n)


def group_note(cell: GroupScores) -> str:
    """Returns what stands below a group in a chart: its n, and whether that is too few for any interval."""
    known = cell["recall_interval"] or cell["iou_interval"] or cell["recall"] is None
    return f"n = {cell['n']}" if known else f"few, n = {cell['n']}"
