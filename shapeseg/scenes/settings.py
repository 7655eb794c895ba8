"""What scenes look like: the settings that, with a seed and an index, determine every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapeseg.errors import UsageError
from shapeseg.settings import check_range
from shapeseg.value_types import check_types

Color = tuple[int, int, int]
KindName = Literal["rectangle", "ellipse", "rotated_rectangle", "triangle", "polygon", "star", "ring"]

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
    kinds: tuple[KindName, ...] = ("rectangle", "ellipse")
    """Kinds of shape, drawn with equal chance."""
    target_kinds: tuple[KindName, ...] = ("rectangle",)
    """Kinds that a model must segment."""
    min_size: int = 20
    """Smallest width and height of a shape in pixels."""
    max_size: int = 40
    """Largest width and height of a shape in pixels, inclusive."""
    colors: tuple[Color, ...] = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    """Colours of shapes, RGB, 0 to 255, drawn with equal chance for every kind."""
    max_occlusion: float = 1.0
    """Largest hidden fraction of any shape, 0 to 1; 1 leaves it to chance; 0 (no overlap) drives shapes to the edges."""
    occlusion_rates: tuple[float, ...] = ()
    """Dialled occlusion: each image has one target for each of these rates, met within 0.02; other shapes overlap nothing."""
    occlusion_bins: bool = False
    """Dialled occlusion: one target an image, its rate from the bins 0, (0,.25], (.25,.5], (.5,.75], (.75,1) in turn."""
    occluder_kind: KindName | None = None
    """Dialled occlusion: kind of what hides the target; by default drawn like any other."""
    occluder_color: Literal["any", "same", "other"] | Color = "any"
    """Dialled occlusion: colour of what hides the target, relative to it, or RGB."""
    best_effort: bool = False
    """Leave out shapes that cannot be placed (the row says how many) instead of ending with an error."""

    def __post_init__(self) -> None:
        check_types(self)
        for name in ("width", "height"):
            check_range(name, getattr(self, name), least=1, most=MAX_SIDE)
        check_range("max_instances", self.max_instances, least=1, most=MAX_INSTANCES)
        check_range("min_instances", self.min_instances, least=1, most=self.max_instances, fix="Use max_instances at most")
        shortest = min(self.width, self.height)
        check_range("max_size", self.max_size, least=1, most=shortest, fix="Use the shorter side of the canvas at most")
        check_range("min_size", self.min_size, least=1, most=self.max_size, fix="Use max_size at most")
        if not self.kinds:
            raise UsageError(
                "kinds must name at least one kind of shape", received="none", fix="Use rectangle, ellipse or both"
            )
        if not self.colors:
            raise UsageError("colors must hold at least one colour", received="none", fix="Give three numbers a colour")
        if not self.target_kinds:
            raise UsageError("target_kinds must name at least one kind", received="none", fix="Use rectangle")
        self._check_occlusion()
        fixed = () if isinstance(self.occluder_color, str) else (self.occluder_color,)
        for color in (self.background, *self.colors, *fixed):
            for channel in color:
                check_range("a colour channel", channel, least=0, most=255)

    def _check_occlusion(self) -> None:
        check_range("max_occlusion", self.max_occlusion, least=0, most=1, fix="Try 0.5")
        for rate in self.occlusion_rates:
            check_range("a requested occlusion rate", rate, least=0, below=1, fix="Try 0.5")
        if (self.max_occlusion < 1) + bool(self.occlusion_rates) + self.occlusion_bins > 1:
            raise UsageError(
                "max_occlusion, occlusion_rates and occlusion_bins exclude each other",
                received=f"{self.max_occlusion}, {self.occlusion_rates}, {self.occlusion_bins}",
                fix="Set one of them",
            )
        if self.occluder_color == "other" and len(set(self.colors)) < 2:
            raise UsageError("another colour needs two to choose from", received=f"colors={self.colors}", fix="Add a colour")

    @property
    def dialled(self) -> bool:
        """Whether scenes are built around asked occlusion rates."""
        return self.occlusion_bins or bool(self.occlusion_rates)
