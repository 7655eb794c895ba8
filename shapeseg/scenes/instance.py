"""One shape of a scene: kind, box, colour and form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.settings import Color

Box = tuple[int, int, int, int]
"""``(x, y, w, h)``: top-left corner and size in pixels, half-open."""


class Instance(NamedTuple):
    """One shape.

    Attributes:
        kind: One of ``shapeseg.scenes.kinds.KINDS``.
        box: ``(x, y, w, h)``: top-left corner and size in pixels, half-open.
        color: RGB, 0 to 255.
        form: Which form of its kind (turn, number of corners); 0 for kinds that have one form.
        ignored: Whether loss and scores leave it out.
        asked_occlusion: The occlusion rate that it was placed to have; None if none was requested.
    """

    kind: str
    box: Box
    color: Color
    form: int = 0
    ignored: bool = False
    asked_occlusion: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the shape as plain JSON types, in the words of a metadata row; what is as usual goes without saying."""
        row: dict[str, Any] = {"kind": self.kind, "box": list(self.box), "color": list(self.color)}
        return row | {name: value for name, usual in self._field_defaults.items() if (value := getattr(self, name)) != usual}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Instance:
        """Rebuilds a shape from :meth:`to_dict` or from a metadata row; what is not part of the recipe is ignored."""
        x, y, w, h = row["box"]
        red, green, blue = row["color"]
        extras = {name: row[name] for name in cls._field_defaults if name in row}
        return cls(row["kind"], (x, y, w, h), (red, green, blue), **extras)


def boxes_overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share a pixel."""
    x, y, w, h = one
    other_x, other_y, other_w, other_h = other
    return x < other_x + other_w and other_x < x + w and y < other_y + other_h and other_y < y + h


def bounding_box(mask: NDArray[np.bool_]) -> Box | None:
    """Returns the smallest box around the True pixels of a mask, bool (H, W); None when there are none."""
    x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
    return (x, y, w, h) if w else None
