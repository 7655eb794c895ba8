"""Bins of the occlusion rate: 0, four quarters, and fully hidden; and how closely an asked rate is met."""

from __future__ import annotations

OCCLUSION_BINS = ((0.0, 0.0), (0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0))
"""``(low, high]`` of each bin; the first is exactly 0, the last leaves out 1."""

TOLERANCE = 0.02
"""A dialled rate is met within this."""

BIN_NAMES = (
    *("0" if high == 0 else f"({low:g}, {high:g}{')' if high == 1 else ']'}" for low, high in OCCLUSION_BINS),
    "hidden",
)
"""Names of the bins in their order; ``hidden`` (rate 1) comes last."""


def bin_of(rate: float) -> str:
    """Returns the name of the occlusion bin of a rate.

    >>> [bin_of(rate) for rate in (0.0, 0.25, 0.26, 0.99, 1.0)]
    ['0', '(0, 0.25]', '(0.25, 0.5]', '(0.75, 1)', 'hidden']
    """
    return BIN_NAMES[-1 if rate == 1 else next(place for place, (_, high) in enumerate(OCCLUSION_BINS) if rate <= high)]
