"""Means over seeds with intervals that hold the luck of seeds and of images, and differences that stand or do not."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.intervals import Interval, Variance, jackknife
from shapeseg.evaluation.student import t_bound
from shapeseg.workflows.study.record import Difference, Mean

Array = NDArray[np.float64]

LEAST_IMAGES = 200
"""From so many images on, the intervals of pooled scores hold, those of decidable pixels too: the hardest of them."""


class SeedMeans:
    """For each column the mean over seeds of ``sum(parts) / sum(wholes)`` over images.

    All seeds see the same images. Two of these objects over the same images and seeds are compared as pairs.

    Args:
        parts: float64 (seeds, images, columns).
        wholes: The same.
        least_images: With fewer images that contribute to a column it has no interval.
    """

    def __init__(self, parts: Array, wholes: Array, least_images: int = LEAST_IMAGES) -> None:
        self._least_images = least_images
        self._contributing = (wholes != 0).any(axis=0)  # (images, columns)
        self._seeds = _ratio(parts.sum(1), wholes.sum(1))  # (seeds, columns)
        others = (each.sum(1, keepdims=True) - each for each in (parts, wholes))
        self._left_out = _ratio(*others).mean(0)  # (images, columns)

    def mean(self, place: int, most: float = 1) -> Mean:
        """Returns the mean of one column; its interval is cut where the score ends, at 0 and ``most``."""
        found = self._mean(self._seeds[:, place], self._left_out[self._contributing[:, place], place])
        if found["interval"]:
            low, high = found["interval"]
            found["interval"] = [max(low, 0.0), min(high, most)]
        return found

    def difference(self, place: int, base: SeedMeans | None = None) -> Difference:
        """Returns the mean of one column, less that of another object if one is given, and whether it stands."""
        seeds, left_out = self._seeds[:, place], self._left_out[:, place]
        contributing = self._contributing[:, place]
        if base:
            seeds, left_out = seeds - base._seeds[:, place], left_out - base._left_out[:, place]
            contributing = contributing | base._contributing[:, place]
        found = self._mean(seeds, left_out[contributing])
        return {**found, "stands": stands(found)}

    def _mean(self, seeds: Array, left_out: Array) -> Mean:
        known = not np.isnan(seeds).any()
        enough = len(seeds) >= 2 and len(left_out) >= self._least_images and not np.isnan(left_out).any()
        return {
            "value": float(seeds.mean()) if known else None,
            "interval": _interval(seeds, left_out) if known and enough else None,
            "seeds": [None if np.isnan(value) else float(value) for value in seeds.tolist()],
        }


def stands(found: Mean) -> bool | None:
    """Returns whether the t interval over seeds leaves out 0, and that over seeds and images too, where it is known.

    None where a single seed shows nothing.
    """
    seeds = np.array(found["seeds"], np.float64)  # an undefined one is NaN
    if len(seeds) < 2 or np.isnan(seeds).any():
        return None
    inside = found["interval"] is not None and found["interval"][0] <= 0 <= found["interval"][1]
    return bool(abs(seeds.mean()) > _half(_between(seeds))) and not inside


def _interval(seeds: Array, left_out: Array) -> Interval:
    """Returns the wider of two t intervals: over seeds alone, and over seeds and images.

    The second adds the variance among seeds and the jackknife's among images; its degrees of freedom are Satterthwaite's
    (1946). Where few seeds happen to be alike these are too many; the first makes up for that.
    """
    between = _between(seeds)
    half = max(_half(between), _half(_sum(between, jackknife(left_out))))
    centre = float(seeds.mean())
    return [centre - half, centre + half]


def _between(seeds: Array) -> Variance:
    return Variance(float(seeds.var(ddof=1)) / len(seeds), len(seeds) - 1)


def _sum(one: Variance, other: Variance) -> Variance:
    value = one.value + other.value
    if value == 0:
        return one
    return Variance(value, value**2 / (one.value**2 / one.degrees + other.value**2 / other.degrees))


def _half(variance: Variance) -> float:
    return t_bound(variance.degrees) * math.sqrt(variance.value)


def _ratio(parts: Array, wholes: Array) -> Array:
    return np.divide(parts, wholes, out=np.full(wholes.shape, np.nan), where=wholes != 0)
