"""Masks as polygons and back, without the loss of a pixel.

A polygon's corners are pixels, and filling it covers its edges as well as its inside, as OpenCV does. One polygon goes around
each piece; a hole in the piece is reached by a straight cut, walked to and fro, which changes nothing when it is filled.
"""

from __future__ import annotations

from collections import defaultdict

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Points = NDArray[np.int32]


def outlines(mask: Mask) -> list[Points]:
    """Returns one polygon for each piece of a mask: int32 (K, 2), pixels (x, y), K at least 3.

    Pieces are connected along edges or corners. Filled again, the polygons give exactly the mask.

    Args:
        mask: bool (H, W).
    """
    borders, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not borders:
        return []
    around: dict[int, Points] = {}
    holes: defaultdict[int, list[Points]] = defaultdict(list)
    for place, (border, (_, _, _, piece)) in enumerate(zip(borders, tree[0], strict=True)):
        if piece < 0:
            around[place] = border[:, 0]
        else:
            holes[piece].append(border[:, 0])
    return [_corners(_cut_open(outline, holes[place], mask)) for place, outline in around.items()]


def fill(canvas: NDArray[np.int32], polygon: Points, number: int) -> None:
    """Sets the pixels of a polygon, edges included, to ``number``. int32 (H, W); int32 (K, 2), pixels (x, y)."""
    cv2.fillPoly(canvas, [polygon], number)


def filling_work(polygon: Points) -> int:
    """Returns roughly how many nanoseconds it takes to read and fill a polygon, int32 (K, 2)."""
    width, height = (np.ptp(polygon, axis=0) + 1).tolist()
    steps = int(np.abs(np.diff(polygon[:, 1], append=polygon[:1, 1])).sum())
    pairs = steps * steps // height  # of edges that meet in a row: OpenCV sorts them by exchanging neighbours
    return 60_000 + width * height + 8 * pairs


def _cut_open(outline: Points, holes: list[Points], mask: Mask) -> Points:
    """Takes the borders of holes into the outline of their piece, each by a level cut to the left from its leftmost pixel."""
    if not holes:
        return outline
    # A cut ends at the outline or at a hole that lies further left: a tree, whose root is the outline.
    borders = [outline, *(_from_leftmost(hole) for hole in sorted(holes, key=lambda border: border[:, 0].min()))]
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for number, border in enumerate(borders):
        for at, (x, y) in enumerate(border.tolist()):
            found.setdefault((x, y), (number, at))
    cuts: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, border in enumerate(borders[1:], start=1):
        left, y = border[0].tolist()
        while left > 0 and mask[y, left - 1]:
            left -= 1
        reached, at = found[left, y]
        cuts[reached].append((at, number))
    return _walk(borders, cuts)


def _from_leftmost(border: Points) -> Points:
    return np.roll(border, -int(border[:, 0].argmin()), axis=0)


def _walk(borders: list[Points], cuts: defaultdict[int, list[tuple[int, int]]]) -> Points:
    """Walks along border 0, and from each cut ``(at, other border)`` around the other border and back."""
    stretches: list[Points] = []
    ahead: list[int | Points] = [0]  # borders to walk around and stretches between them, the next one last
    while ahead:
        part = ahead.pop()
        if isinstance(part, np.ndarray):
            stretches.append(part)
            continue
        border, start = borders[part], 0
        parts: list[int | Points] = []
        for at, other in sorted(cuts[part]):
            parts += [border[start : at + 1], other]
            start = at
        ahead += reversed([*parts, border[start:], border[:1]])
    return np.concatenate(stretches)[:-1]


def _corners(outline: Points) -> Points:
    """Leaves out the points at which a polygon goes straight on; repeats the last one until there are three."""
    arriving = outline - np.roll(outline, 1, axis=0)
    leaving = np.roll(outline, -1, axis=0) - outline
    corners = outline[(arriving != leaving).any(axis=1)]
    corners = corners if len(corners) else outline[:1]
    return np.concatenate([corners, np.repeat(corners[-1:], max(0, 3 - len(corners)), axis=0)])
