"""Means over seeds with intervals that resample images and seeds together, so that both kinds of luck are in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.bootstrap import Interval, times_drawn
from shapeseg.workflows.study.record import Mean

Array = NDArray[np.float64]


class SeedMeans:
    """For each column the mean over seeds of ``sum(parts) / sum(wholes)`` over images.

    Replicates draw the images, the same ones for every seed and every arm, and the seeds, with replacement: two of these
    objects over the same images and seeds are compared replicate by replicate, as pairs.

    Args:
        parts: float64 (seeds, images, columns).
        wholes: The same.
    """

    def __init__(self, parts: Array, wholes: Array) -> None:
        self.seeds = _ratio(parts.sum(1), wholes.sum(1))  # (seeds, columns)
        self._known = np.count_nonzero(wholes.any(0), axis=0) >= 2  # (columns,): of one image resampling tells nothing
        images = np.concatenate(list(times_drawn(parts.shape[1])))  # (replicates, images)
        drawn = np.concatenate(list(times_drawn(len(parts), run=1)))  # (replicates, seeds)
        ratios = np.stack([_ratio(images @ part, images @ whole) for part, whole in zip(parts, wholes, strict=True)], axis=1)
        self.replicates = np.einsum("rs,rsc->rc", drawn / len(parts), ratios)  # (replicates, columns)

    def column(self, place: int, base: SeedMeans | None = None) -> Mean:
        """Returns value, interval and the value of each seed of one column; of the difference to ``base`` if one is given."""
        seeds = self.seeds[:, place] - (base.seeds[:, place] if base else 0)
        replicates = self.replicates[:, place] - (base.replicates[:, place] if base else 0)
        known = bool(self._known[place]) and not np.isnan(seeds).any()
        return {
            "value": None if np.isnan(seeds).any() else float(seeds.mean()),
            "interval": _interval(replicates) if known else None,
            "seeds": [None if np.isnan(value) else float(value) for value in seeds.tolist()],
        }


def _ratio(parts: Array, wholes: Array) -> Array:
    return np.divide(parts, wholes, out=np.full(wholes.shape, np.nan), where=wholes != 0)


def _interval(replicates: Array) -> Interval:
    return np.nanpercentile(replicates, [2.5, 97.5]).tolist()
