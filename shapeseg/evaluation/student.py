"""The bound of Student's t distribution that 95 % intervals need, without SciPy."""

from __future__ import annotations

import math

import numpy as np

_ANGLES = np.linspace(0, math.pi / 2, 4001)


def t_bound(degrees: float) -> float:
    """Returns the t that 95 % of a Student distribution lie within, on both sides of 0.

    With t = sqrt(degrees) tan(angle), the density of the angle is proportional to cos(angle) ** (degrees - 1)
    (Abramowitz & Stegun, 1964, 26.7.1 and the substitution behind 26.7.3); it is summed up by the trapezoidal rule.

    Args:
        degrees: Degrees of freedom, 1 or more, not only whole ones.
    """
    density = np.cos(_ANGLES) ** (degrees - 1)
    share = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return math.sqrt(degrees) * math.tan(np.interp(0.95 * share[-1], share, _ANGLES))
