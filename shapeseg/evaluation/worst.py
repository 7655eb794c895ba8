"""The predictions with the most wrong pixels, kept as they come by; the others need no memory."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Worst:
    """Keeps the predictions with the most wrong pixels; of equals, those that come first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, int, Mask]] = []  # places are all different, so that masks are never compared

    def offer(self, place: int, wrong: int, predicted: Mask) -> None:
        """Takes one prediction into account, and keeps it if it is among the worst so far."""
        heapq.heappush(self._heap, (wrong, -place, predicted))
        if len(self._heap) > self._size:
            heapq.heappop(self._heap)

    def places(self) -> list[int]:
        """Returns the places of those kept, worst first."""
        return [-place for _, place, _ in sorted(self._heap, key=lambda each: each[:2], reverse=True)]

    def masks(self) -> dict[int, Mask]:
        """Returns those kept, by place."""
        return {-place: predicted for _, place, predicted in self._heap}
