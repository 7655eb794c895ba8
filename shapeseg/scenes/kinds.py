"""Kinds of shape: exact silhouettes by integer arithmetic, never anti-aliased.

Pixel (r, c) has its centre at (c + 1/2, r + 1/2). Another kind is one function, one line at
the end of ``KINDS`` (COCO ids are places in it), and its name in ``KindName`` of settings.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_FINE = 1024  # polygon corners are integers in units of 1 / 1024 pixel, so that no rounding differs between machines


class Kind(NamedTuple):
    """A kind of shape.

    Attributes:
        draw: Called with width, height and form; returns the silhouette, bool (height, width).
        forms: How many forms there are (turns, numbers of corners); form f of sample i is one of 0 .. forms - 1.
    """

    draw: Callable[[int, int, int], Mask]
    forms: int = 1


def rectangle(w: int, h: int, _form: int = 0) -> Mask:
    """Returns every pixel of a w x h box. bool (h, w)."""
    return np.ones((h, w), bool)


def ellipse(w: int, h: int, _form: int = 0) -> Mask:
    """Returns the ellipse inscribed in a w x h box. bool (h, w).

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


def rotated_rectangle(w: int, h: int, form: int) -> Mask:
    """Returns a rectangle of two to one, turned by 5, 10 ... 85 degrees, as large as its box allows. bool (h, w)."""
    turn = math.radians(5 * (form + 1))
    corners = [(2, 1), (-2, 1), (-2, -1), (2, -1)]
    return _polygon([_turned(x, y, turn) for x, y in corners], w, h)


def triangle(w: int, h: int, form: int) -> Mask:
    """Returns an isosceles triangle that fills its box, pointing up, right, down or left. bool (h, w)."""
    return _polygon([_turned(x, y, form * math.pi / 2) for x, y in ((-1, 1), (1, 1), (0, -1))], w, h, stretch=True)


def polygon(w: int, h: int, form: int) -> Mask:
    """Returns a regular polygon of 5 to 8 corners, as large as its box allows. bool (h, w)."""
    count = 5 + form
    return _polygon([_turned(0, -1, 2 * math.pi * k / count) for k in range(count)], w, h)


def star(w: int, h: int, form: int) -> Mask:
    """Returns a star of 5 to 7 points whose notches reach half way in, as large as its box allows. bool (h, w)."""
    count = 2 * (5 + form)
    return _polygon([_turned(0, -1 if k % 2 == 0 else -0.5, 2 * math.pi * k / count) for k in range(count)], w, h)


def ring(w: int, h: int, _form: int = 0) -> Mask:
    """Returns the ellipse inscribed in its box without the one half as wide and high. bool (h, w)."""
    mask = ellipse(w, h)
    inner_w, inner_h = w // 2, h // 2
    x, y = (w - inner_w) // 2, (h - inner_h) // 2
    if inner_w and inner_h:
        mask[y : y + inner_h, x : x + inner_w] &= ~ellipse(inner_w, inner_h)
    return mask


KINDS = {
    "rectangle": Kind(rectangle),
    "ellipse": Kind(ellipse),
    "rotated_rectangle": Kind(rotated_rectangle, forms=17),
    "triangle": Kind(triangle, forms=4),
    "polygon": Kind(polygon, forms=4),
    "star": Kind(star, forms=3),
    "ring": Kind(ring),
}


def silhouette(kind: str, w: int, h: int, form: int = 0) -> tuple[NDArray[np.uint8], int]:
    """Returns the silhouette as OpenCV wants it, uint8 (h, w) of 0 or 255, read-only, and its area in pixels.

    A shape so thin that it holds no pixel centre shows the pixel in its middle: every silhouette has a pixel.
    """
    return (_small if w * h <= _SMALL else _large)(kind, w, h, form)


def _stencil(kind: str, w: int, h: int, form: int) -> tuple[NDArray[np.uint8], int]:
    mask = KINDS[kind].draw(w, h, form)
    mask[h // 2, w // 2] |= not mask.any()
    stencil = np.where(mask, np.uint8(255), np.uint8(0))
    stencil.setflags(write=False)
    return stencil, int(np.count_nonzero(mask))


# Silhouettes are kept: all of a dataset of small shapes, 64 MiB at most, and of large ones those of the scene at hand.
_SMALL = 4096
_small = lru_cache(maxsize=16384)(_stencil)
_large = lru_cache(maxsize=16)(_stencil)


def _turned(x: float, y: float, angle: float) -> tuple[float, float]:
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)


def _polygon(corners: Sequence[tuple[float, float]], w: int, h: int, *, stretch: bool = False) -> Mask:
    """Scales corners to the largest that fits a w x h box, centred, and returns the pixels whose centres lie inside.

    A centre lies inside when a ray from it to the right crosses the outline an odd number of times.
    """
    xs, ys = _fitted(corners, w, h, stretch)
    px = (np.arange(w, dtype=np.int64) * _FINE + _FINE // 2)[None, :]
    py = (np.arange(h, dtype=np.int64) * _FINE + _FINE // 2)[:, None]
    inside = np.zeros((h, w), bool)
    for k in range(len(xs)):
        x0, y0, x1, y1 = xs[k - 1], ys[k - 1], xs[k], ys[k]
        crosses = (y0 <= py) != (y1 <= py)
        side = (px - x0) * (y1 - y0) - (py - y0) * (x1 - x0)
        inside ^= crosses & ((side < 0) if y1 > y0 else (side > 0))
    return inside


def _fitted(corners: Sequence[tuple[float, float]], w: int, h: int, stretch: bool) -> tuple[list[int], list[int]]:
    axes = []
    spans = [max(values) - min(values) for values in zip(*corners, strict=True)]
    scales = [w / spans[0], h / spans[1]]
    for values, span, scale, size in zip(zip(*corners, strict=True), spans, scales, (w, h), strict=True):
        used = scale if stretch else min(scales)
        start = (size - span * used) / 2 - min(values) * used
        # Rounded to a millionth first: the last bits of sine and cosine may differ between machines.
        axes.append([round(round(start + value * used, 6) * _FINE) for value in values])
    return axes[0], axes[1]
