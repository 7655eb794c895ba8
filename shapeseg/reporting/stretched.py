"""A scale for scores near 1, stretched towards it: as far from 0.9 to 0.99 as from 0.99 to 0.999."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NEAREST = 1e-5  # a score that is nearer to 1 than this stands there
_TICKS = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)
_FEW, _MANY = 3, 8


def stretched(score: Any) -> NDArray[np.float64]:
    """Returns where scores stand on the scale, 0 for 0 and 1 for 0.9: any shape."""
    return -np.log10(np.maximum(1 - np.asarray(score, np.float64), _NEAREST))


def unstretched(place: Any) -> NDArray[np.float64]:
    """Returns which scores stand at places of the scale."""
    return 1 - 10.0 ** -np.asarray(place, np.float64)


def stretch(ax: Axes, scores: Sequence[float]) -> None:
    """Stretches the vertical axis of a chart, which shows scores, so that all of them are on it."""
    low, high = (float(edge(stretched(scores or [0]))) for edge in (np.min, np.max))
    margin = 0.05 * (high - low) or 0.01
    low, high = (float(unstretched(place)) for place in (low - margin, high + margin))
    ax.set_yscale("function", functions=(stretched, unstretched))
    ticks = stretched_ticks(low, high)
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_ylim(low, high)


def stretched_ticks(low: float, high: float) -> list[float]:
    """Returns scores to label between two, round ones where there are enough of them.

    >>> stretched_ticks(0.7, 0.993)
    [0.8, 0.9, 0.95, 0.98, 0.99]
    >>> stretched_ticks(0.9834, 0.9868)
    [0.984, 0.985, 0.986]
    """
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    if len(ticks) > _MANY:
        ticks = ticks[len(ticks) % 2 :: 2]
    if len(ticks) >= _FEW:
        return ticks
    step = next(
        factor * power for power in 10.0 ** np.arange(-7, 1) for factor in (1, 2, 5) if (high - low) / factor / power < 5
    )
    return [round(float(step) * count, 9) for count in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]
