"""A scene: canvas, background and instances from back to front. Small, comparable, JSON; pixels come from rendering it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from shapeseg.scenes.settings import Color

if TYPE_CHECKING:
    from shapeseg.scenes.truth import Truth

Box = tuple[int, int, int, int]


class Instance(NamedTuple):
    """One shape.

    Attributes:
        kind: One of ``shapeseg.scenes.kinds.KINDS``.
        box: ``(x, y, w, h)``: top-left corner and size in pixels, half-open.
        color: RGB, 0 to 255.
        form: Which form of its kind (turn, number of corners); 0 for kinds that have one form.
        ignored: Whether loss and scores leave it out.
        asked_occlusion: The occlusion rate that it was placed to have; None if nobody asked.
    """

    kind: str
    box: Box
    color: Color
    form: int = 0
    ignored: bool = False
    asked_occlusion: float | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that determines the pixels of one image.

    Attributes:
        width: Canvas width in pixels.
        height: Canvas height in pixels.
        background: RGB, 0 to 255.
        instances: The shapes, from back to front; each lies wholly inside the canvas.
        target_kinds: Kinds that a model must find.
        shortfall: How many shapes were asked for that found no place.
    """

    width: int
    height: int
    background: Color
    instances: tuple[Instance, ...]
    target_kinds: tuple[str, ...] = ("rectangle",)
    shortfall: int = 0

    def render(self) -> Truth:
        """Draws the scene and returns its image together with the truth about every pixel."""
        from shapeseg.scenes.truth import render

        return render(self)

    def to_dict(self) -> dict[str, Any]:
        """Returns the recipe as plain JSON types, in the words of a metadata row; what is as usual goes without saying."""
        recipe: dict[str, Any] = {
            "width": self.width,
            "height": self.height,
            "background": list(self.background),
            "instances": [_instance_to_dict(instance) for instance in self.instances],
        }
        if self.target_kinds != ("rectangle",):
            recipe["target_kinds"] = list(self.target_kinds)
        if self.shortfall:
            recipe["shortfall"] = self.shortfall
        return recipe

    def is_target(self, instance: Instance) -> bool:
        """Whether a model must find this instance."""
        return instance.kind in self.target_kinds

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Scene:
        """Rebuilds a scene from :meth:`to_dict` or from a metadata row; what is no part of the recipe is passed over."""
        return cls(
            width=row["width"],
            height=row["height"],
            background=tuple(row["background"]),
            instances=tuple(_instance_from_dict(instance) for instance in row["instances"]),
            target_kinds=tuple(row.get("target_kinds", ("rectangle",))),
            shortfall=row.get("shortfall", 0),
        )


def boxes_overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share a pixel."""
    x, y, w, h = one
    other_x, other_y, other_w, other_h = other
    return x < other_x + other_w and other_x < x + w and y < other_y + other_h and other_y < y + h


def _instance_to_dict(instance: Instance) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": instance.kind, "box": list(instance.box), "color": list(instance.color)}
    for name, usual in Instance._field_defaults.items():
        value = getattr(instance, name)
        if value != usual:
            row[name] = value
    return row


def _instance_from_dict(row: Mapping[str, Any]) -> Instance:
    x, y, w, h = row["box"]
    red, green, blue = row["color"]
    extras = {name: row[name] for name in Instance._field_defaults if name in row}
    return Instance(row["kind"], (x, y, w, h), (red, green, blue), **extras)
