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
        kind: ``"rectangle"`` or ``"ellipse"``.
        box: ``(x, y, w, h)``: top-left corner and size in pixels, half-open.
        color: RGB, 0 to 255.
        ignored: Whether loss and scores leave it out.
    """

    kind: str
    box: Box
    color: Color
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that determines the pixels of one image.

    Attributes:
        width: Canvas width in pixels.
        height: Canvas height in pixels.
        background: RGB, 0 to 255.
        instances: The shapes, from back to front; each lies wholly inside the canvas.
    """

    width: int
    height: int
    background: Color
    instances: tuple[Instance, ...]

    def render(self) -> Truth:
        """Draws the scene and returns its image together with the truth about every pixel."""
        from shapeseg.scenes.truth import render

        return render(self)

    def to_dict(self) -> dict[str, Any]:
        """Returns the recipe as plain JSON types, in the words of a metadata row."""
        return {
            "width": self.width,
            "height": self.height,
            "background": list(self.background),
            "instances": [_instance_to_dict(instance) for instance in self.instances],
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Scene:
        """Rebuilds a scene from :meth:`to_dict` or from a metadata row; what is no part of the recipe is passed over."""
        return cls(
            width=row["width"],
            height=row["height"],
            background=tuple(row["background"]),
            instances=tuple(_instance_from_dict(instance) for instance in row["instances"]),
        )


def _instance_to_dict(instance: Instance) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": instance.kind, "box": list(instance.box), "color": list(instance.color)}
    if instance.ignored:
        row["ignored"] = True
    return row


def _instance_from_dict(row: Mapping[str, Any]) -> Instance:
    x, y, w, h = row["box"]
    red, green, blue = row["color"]
    return Instance(row["kind"], (x, y, w, h), (red, green, blue), row.get("ignored", False))
