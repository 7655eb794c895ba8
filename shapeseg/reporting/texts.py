"""Texts of pictures: how wide they are, cut to their room, and kept from each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LINE = 1.25
"""Height of a line of text, in its font size."""


class Label(NamedTuple):
    """A text and where its centre is wished to be, in pixels of a tile; its lines are set below each other."""

    x: float
    y: float
    text: str


def drawable(text: str) -> str:
    """Returns a text with halves of characters, which no font has, as their numbers: a name that is no UTF-8 has them."""
    return text.encode(errors="backslashreplace").decode()


def width_of(text: str, size: float, weight: str = "normal") -> float:
    """Returns how wide one line of text is, in inches, of a font size in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    shown = drawable(text).replace("$", "S").strip()  # what stands between dollars would be taken for a formula
    if not shown:
        return 0.0
    return float(TextPath((0, 0), shown, size=size, prop=FontProperties(weight=weight)).get_extents().width) / 72


def cut(text: str, room: float, size: float, weight: str = "normal") -> str:
    """Returns a text that is no wider than ``room``, in inches: of what is too long, the middle is left out."""
    kept = len(text)
    shown = text
    while kept > 2 and width_of(shown, size, weight) > room:
        kept -= 1
        shown = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shown


def wrapped(text: str, room: float, size: float) -> str:
    """Returns a text in lines, broken between words, that are no wider than ``room``, in inches; a wider word is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(cut(word, room, size))
    return "\n".join(lines)


def apart(labels: Sequence[Label], width: int, height: int, point: float, size: float) -> list[Label | None]:
    """Moves labels so that none covers another: each to the nearest free place, in turn.

    Args:
        labels: Where they are wished to be.
        width: Width of the tile, in pixels.
        height: Height of the tile, in pixels.
        point: Pixels of the tile in a point.
        size: Size of the font, in points.

    Returns:
        The labels in their order; None is one for which there is no room.
    """
    taken = np.zeros((height, width), bool)
    placed: list[Label | None] = []
    steps = _steps(max(width, height), max(1, round(size * point / 4)))
    for label in labels:
        lines = label.text.split("\n")
        half_width = 36 * point * max(width_of(line, size) for line in lines) + point
        half_height = LINE * size * point * len(lines) / 2
        place = None
        for across, down in steps:
            x, y = label.x + across, label.y + down
            left, right, top, bottom = (
                round(x - half_width),
                round(x + half_width),
                round(y - half_height),
                round(y + half_height),
            )
            if left >= 0 and top >= 0 and right <= width and bottom <= height and not taken[top:bottom, left:right].any():
                taken[top:bottom, left:right] = True
                place = Label(x, y, label.text)
                break
        placed.append(place)
    return placed


def _steps(reach: int, step: int) -> list[tuple[int, int]]:
    """Returns places on a grid as far as ``reach``, the nearest first."""
    line = np.arange(-(reach // step), reach // step + 1) * step
    across, down = (places.ravel() for places in np.meshgrid(line, line))
    order = np.argsort(across**2 + down**2, kind="stable")
    return [(int(across[place]), int(down[place])) for place in order]
