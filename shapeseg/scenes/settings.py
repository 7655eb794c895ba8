"""What scenes look like: the settings that, with a seed and an index, determine every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapeseg.errors import UsageError

Color = tuple[int, int, int]
Kind = Literal["rectangle", "ellipse"]

# Raised whenever the same (settings, seed, index) would draw something else.
GENERATOR_VERSION = 1

MAX_SIDE = 16384
MAX_INSTANCES = 255  # an instance map is uint8, and 0 is the background


@dataclass(frozen=True)
class SceneSettings:
    """How scenes are drawn."""

    width: int = 224
    """Canvas width in pixels."""
    height: int = 224
    """Canvas height in pixels."""
    background: Color = (255, 255, 255)
    """Background colour, RGB, 0 to 255."""
    min_instances: int = 5
    """Fewest shapes in an image."""
    max_instances: int = 10
    """Most shapes in an image, 255 at most."""
    kinds: tuple[Kind, ...] = ("rectangle", "ellipse")
    """Kinds of shape, drawn with equal chance."""
    min_size: int = 20
    """Smallest width and height of a shape in pixels."""
    max_size: int = 40
    """Largest width and height of a shape in pixels, inclusive."""
    colors: tuple[Color, ...] = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    """Colours of shapes, RGB, 0 to 255, drawn with equal chance whatever the kind."""

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            _check_range(name, getattr(self, name), 1, MAX_SIDE)
        _check_range("max_instances", self.max_instances, 1, MAX_INSTANCES)
        _check_range("min_instances", self.min_instances, 1, self.max_instances, "max_instances")
        shortest = min(self.width, self.height)
        _check_range("max_size", self.max_size, 1, shortest, "the shorter side of the canvas")
        _check_range("min_size", self.min_size, 1, self.max_size, "max_size")
        if not self.kinds:
            raise UsageError(
                "kinds must name at least one kind of shape", received="none", fix="Use rectangle, ellipse or both"
            )
        if not self.colors:
            raise UsageError("colors must hold at least one colour", received="none", fix="Give three numbers a colour")
        for color in (self.background, *self.colors):
            for channel in color:
                _check_range("a colour channel", channel, 0, 255)


def _check_range(name: str, value: int, low: int, high: int, high_name: str = "") -> None:
    if not low <= value <= high:
        limit = f"{high} ({high_name})" if high_name else str(high)
        raise UsageError(
            f"{name} must be from {low} to {limit}", received=f"{name}={value}", fix="Choose a value in that range"
        )
