"""Bootstrap intervals that resample images: rectangles of one image are not independent of each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shapeseg.scenes.streams import Stream

Interval = list[float] | None

REPLICATES = 1000
_BLOCK = 2**22  # draws held at once


def intervals(parts: ArrayLike, wholes: ArrayLike) -> list[Interval]:
    """Returns the 95 % interval of ``sum(parts) / sum(wholes)`` over images, for each column.

    As many images as there are get drawn with replacement, ``REPLICATES`` times; the interval is from the 2.5 to the 97.5
    percentile of the ratio. It is None for a column to whose whole fewer than two images contribute: resampling tells nothing
    of its spread. The same input gives the same intervals on every machine.

    Args:
        parts: (images, columns) or (images,).
        wholes: The same.
    """
    part, whole = (_columns(np.asarray(values, np.float64)) for values in (parts, wholes))
    contributing = np.count_nonzero(whole, axis=0)
    columns = np.flatnonzero(contributing >= 2)
    found: list[Interval] = [None] * whole.shape[1]
    if not columns.size:
        return found
    ratios = []
    for drawn in times_drawn(len(whole)):
        total = drawn @ whole[:, columns]
        ratios.append(np.divide(drawn @ part[:, columns], total, out=np.full(total.shape, np.nan), where=total != 0))
    bounds = np.nanpercentile(np.concatenate(ratios), [2.5, 97.5], axis=0)
    for column, (low, high) in zip(columns.tolist(), bounds.T.tolist(), strict=True):
        found[column] = [low, high]
    return found


def _columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.reshape(len(values), -1)


def times_drawn(images: int, run: int = 0) -> Iterator[NDArray[np.float64]]:
    """Yields how often each replicate draws each image: float64 (replicates, images), block by block.

    Args:
        images: How many there are.
        run: Another run draws independently.
    """
    random = np.random.Philox(key=Stream.BOOTSTRAP, counter=np.array([0, 0, 0, run], np.uint64))
    block = max(1, _BLOCK // images)
    for start in range(0, REPLICATES, block):
        count = min(block, REPLICATES - start)
        # The upper 32 bits of a word, mapped to 0 .. images - 1 by multiply and shift.
        drawn = ((random.random_raw(count * images) >> 32) * images >> 32).reshape(count, images)
        drawn += np.arange(count, dtype=np.uint64)[:, None] * images
        yield np.bincount(drawn.ravel().astype(np.int64), minlength=count * images).reshape(count, images).astype(np.float64)
