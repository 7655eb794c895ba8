"""Scenes to start from: each shows one thing about overlap. Their shapes are of the sizes that default datasets have."""

from __future__ import annotations

from shapeseg.scenes import Instance, Scene

_RED, _BLUE, _WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def _scene(*shapes: Instance) -> Scene:
    return Scene(112, 112, _WHITE, shapes)


STARTS = {
    "One colour": _scene(
        Instance("rectangle", (30, 38, 40, 34), _RED),
        Instance("ellipse", (52, 44, 34, 36), _RED),
    ),
    "Two colours": _scene(
        Instance("rectangle", (30, 38, 40, 34), _RED),
        Instance("ellipse", (52, 44, 34, 36), _BLUE),
    ),
    "One inside the other": _scene(
        Instance("rectangle", (34, 36, 40, 40), _RED),
        Instance("ellipse", (42, 44, 24, 24), _RED),
    ),
    "A hidden side": _scene(
        Instance("ellipse", (24, 34, 32, 40), _RED),
        Instance("rectangle", (40, 38, 40, 34), _RED),
        Instance("rectangle", (44, 30, 22, 40), _BLUE),
    ),
}
"""By name; the first is what the page opens with."""
