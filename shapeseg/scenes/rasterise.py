"""Exact silhouettes: integer arithmetic, never anti-aliased. Pixel (r, c) has its centre at (c + 1/2, r + 1/2)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def rectangle(w: int, h: int) -> Mask:
    """Returns the silhouette of a w x h rectangle: every pixel of its box. bool (h, w)."""
    return np.ones((h, w), bool)


def ellipse(w: int, h: int) -> Mask:
    """Returns the silhouette of the ellipse inscribed in a w x h box. bool (h, w).

    A pixel belongs to it when its centre does: ``((c + 1/2 - w/2) / (w/2))^2 + ((r + 1/2 - h/2) / (h/2))^2 <= 1``, multiplied
    out so that only integers remain.

    >>> ellipse(4, 3).astype(int)
    array([[0, 1, 1, 0],
           [1, 1, 1, 1],
           [0, 1, 1, 0]])
    """
    across = (h * (2 * np.arange(w, dtype=np.int64) + 1 - w)) ** 2
    down = (w * (2 * np.arange(h, dtype=np.int64) + 1 - h)) ** 2
    return across + down[:, None] <= (w * h) ** 2


SILHOUETTES = {"rectangle": rectangle, "ellipse": ellipse}


@lru_cache(maxsize=4096)
def silhouette(kind: str, w: int, h: int) -> tuple[NDArray[np.uint8], int]:
    """Returns the silhouette as OpenCV wants it, uint8 (h, w) of 0 or 255, read-only, and its area in pixels."""
    mask = SILHOUETTES[kind](w, h)
    stencil = np.where(mask, np.uint8(255), np.uint8(0))
    stencil.setflags(write=False)
    return stencil, int(np.count_nonzero(mask))
