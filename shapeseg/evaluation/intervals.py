"""95 % intervals of ratios over images, given only where a simulation shows that they hold (``docs/scores.md`` has its table).

Images are independent, rectangles of one image are not. Most images have hardly any wrong pixel and a few have many, so that a
small sample often has none of the latter. Three things meet that: the score is moved to the logit scale, where it is spread
more evenly; its standard error is the jackknife's; and the fewer images hold the error, the fewer degrees of freedom has the t
distribution. With too few images even that does not hold, and no interval is given.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shapeseg.evaluation.student import t_bound

Interval = list[float] | None
Values = NDArray[np.float64]

POOLED_IMAGES = 30
"""From so many images on, the interval of the IoU of all pixels holds."""
RECTANGLE_IOU_IMAGES = 120
"""From so many images with rectangles of a group on, that of their mean IoU."""
RECALL_IMAGES = 1000
"""From so many, that of their mean recall: nearly all are found whole, and a few hardly at all."""


class Variance(NamedTuple):
    """An estimated variance of a score, and how many degrees of freedom the estimate has."""

    value: float
    degrees: float


def jackknife(left_out: Values) -> Variance:
    """Returns the variance of a score from its values with each image left out in turn.

    The variance is Tukey's (1958): (n - 1) / n times the sum of the squared deviations d. With
    k = sum(d ** 4) / sum(d ** 2) ** 2 it has about 2 / (k - 1 / n) degrees of freedom, by Satterthwaite's rule (1946) and the
    variance of a sample variance: n for normal d, few where few images hold the error. Of a heavy tail a sample shows too
    small a k; + 1 / n in place of - 1 / n makes up for that, as the simulation shows.

    Args:
        left_out: float64 (images,), two or more.
    """
    squares = (left_out - left_out.mean()) ** 2
    images, total = len(squares), float(squares.sum())
    if total == 0:
        return Variance(0.0, images - 1)
    fourth = float((squares**2).sum()) / total**2
    return Variance((images - 1) / images * total, 2 / (fourth + 1 / images))


def intervals(parts: ArrayLike, wholes: ArrayLike, least_images: int) -> list[Interval]:
    """Returns the 95 % interval of ``sum(parts) / sum(wholes)`` over images, for each column.

    It is None for a column to whose whole fewer images contribute, and where the score is 0 or 1, or would be without one of
    the images: then no spread is seen.

    Args:
        parts: (images, columns) or (images,), 0 to ``wholes``.
        wholes: The same.
        least_images: How many images must contribute, at least two.
    """
    part, whole = (np.asarray(values, np.float64) for values in (parts, wholes))
    part, whole = (values.reshape(len(values), -1) for values in (part, whole))
    return [_interval(part[:, place], whole[:, place], least_images) for place in range(whole.shape[1])]


def _interval(part: Values, whole: Values, least_images: int) -> Interval:
    contributing = whole > 0
    right, wrong = part[contributing], (whole - part)[contributing]
    without = right.sum() - right, wrong.sum() - wrong
    if len(right) < least_images or min(map(np.min, without)) <= 0:
        return None
    variance, degrees = jackknife(np.log(without[0] / without[1]))
    centre, half = math.log(right.sum() / wrong.sum()), t_bound(degrees) * math.sqrt(variance)
    return [1 / (1 + math.exp(-bound)) for bound in (centre - half, centre + half)]
