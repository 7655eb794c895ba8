"""A scene: canvas, background and instances from back to front; rendered, an image and the truth about every pixel of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import UsageError
from shapeseg.scenes.ambiguity import open_regions
from shapeseg.scenes.instance import Box, Instance
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.settings import Color

Target = Literal["visible", "amodal"]


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
        rule: By which it was chosen; None is default settings, with canvas and sizes widened to hold it, unfiltered.
    """

    width: int
    height: int
    background: Color
    instances: tuple[Instance, ...]
    target_kinds: tuple[str, ...] = ("rectangle",)
    shortfall: int = 0
    rule: Rule | None = field(default=None, compare=False, repr=False)

    def render(self, give_up: Callable[[], bool] | None = None) -> Truth:
        """Draws the scene in painter's order, later over earlier ones: its image, and the truth about every pixel.

        Args:
            give_up: Asked again and again during a search for ambiguity; once it says so, the rest is beyond the search.
        """
        image = np.empty((self.height, self.width, 3), np.uint8)
        image[:] = np.full((self.width, 3), self.background, np.uint8)  # by rows: by pixels it takes many times as long
        instance_map = np.zeros((self.height, self.width), np.uint8)
        for number, (kind, (x, y, w, h), color, form, _, _) in enumerate(self.instances, start=1):
            image_part, map_part = image[y : y + h, x : x + w], instance_map[y : y + h, x : x + w]
            if kind == "rectangle":
                image_part[:] = _patch(w, h, color)
                map_part[:] = number
            else:
                stencil, _ = silhouette(kind, w, h, form)
                cv2.copyTo(_patch(w, h, color), stencil, image_part)
                cv2.copyTo(_patch(w, h, number), stencil, map_part)
        return Truth(self, image, instance_map, give_up)

    def to_dict(self) -> dict[str, Any]:
        """Returns the recipe as plain JSON types, in the words of a metadata row; what is as usual goes without saying."""
        recipe: dict[str, Any] = {
            "width": self.width,
            "height": self.height,
            "background": list(self.background),
            "instances": [instance.to_dict() for instance in self.instances],
        }
        if self.target_kinds != ("rectangle",):
            recipe["target_kinds"] = list(self.target_kinds)
        if self.shortfall:
            recipe["shortfall"] = self.shortfall
        return recipe

    @property
    def has_known_probabilities(self) -> bool:
        """Whether it is known how it was chosen, so that the exact probability of its pixels is defined."""
        return self.rule is None or self.rule.known

    def is_target(self, instance: Instance) -> bool:
        """Whether a model must find this instance."""
        return instance.kind in self.target_kinds

    @classmethod
    def from_dict(cls, row: Mapping[str, Any], rule: Rule | None = None) -> Scene:
        """Rebuilds a scene from :meth:`to_dict` or from a metadata row; what is not part of the recipe is ignored.

        Args:
            row: The recipe.
            rule: By which the scene was chosen; a dataset passes its own.

        Raises:
            InputError: If the scene breaks the rule.
        """
        instances = tuple(map(Instance.from_dict, row["instances"]))
        if rule is not None and rule.known:
            rates = [instance.get("occlusion_rate") for instance in row["instances"]]
            rule.refuse(row["width"], row["height"], instances, None if None in rates else rates)
        return cls(
            width=row["width"],
            height=row["height"],
            background=tuple(row["background"]),
            instances=instances,
            rule=rule,
            target_kinds=tuple(row.get("target_kinds", ("rectangle",))),
            shortfall=row.get("shortfall", 0),
        )


@dataclass(frozen=True, eq=False)
class Truth:
    """A rendered scene. N is the number of instances, ordered from back to front.

    Attributes:
        scene: What was rendered.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        instance_map: uint8 (H, W); 0 is background, k the visible part of the k-th instance from the back.
        give_up: See :meth:`Scene.render`.
    """

    scene: Scene
    image: NDArray[np.uint8]
    instance_map: NDArray[np.uint8]
    give_up: Callable[[], bool] | None = None

    @cached_property
    def visible_masks(self) -> NDArray[np.bool_]:
        """bool (N, H, W): what is left of each instance after everything in front of it."""
        numbers = np.arange(1, len(self.scene.instances) + 1, dtype=np.uint8)
        return self.instance_map == numbers[:, None, None]

    @cached_property
    def amodal_masks(self) -> NDArray[np.bool_]:
        """bool (N, H, W): the whole silhouette of each instance, hidden parts included."""
        masks = np.zeros((len(self.scene.instances), self.scene.height, self.scene.width), bool)
        for mask, instance in zip(masks, self.scene.instances, strict=True):
            _crop(mask, instance.box)[:] = _stencil(instance) != 0
        return masks

    @cached_property
    def amodal_areas(self) -> list[int]:
        """Pixels of each whole silhouette."""
        return [silhouette(kind, w, h, form)[1] for kind, (_, _, w, h), _, form, _, _ in self.scene.instances]

    @cached_property
    def visible_areas(self) -> list[int]:
        """Pixels of each visible part."""
        return [int(np.count_nonzero(part)) for part in self._visible_parts]

    @cached_property
    def _visible_parts(self) -> list[NDArray[np.bool_]]:
        """bool (h, w) for each instance: its visible mask, cut to its box."""
        boxes = enumerate((instance.box for instance in self.scene.instances), start=1)
        return [self.instance_map[y : y + h, x : x + w] == number for number, (x, y, w, h) in boxes]

    @cached_property
    def occlusion_rates(self) -> NDArray[np.float64]:
        """float64 (N,): ``1 - visible_area / amodal_area``, 0 (whole) to 1 (fully hidden)."""
        return 1.0 - np.array(self.visible_areas, np.float64) / np.array(self.amodal_areas, np.float64)

    @cached_property
    def mask(self) -> NDArray[np.uint8]:
        """uint8 (H, W): the visible target as a dataset stores it, 255 on its pixels, 0 elsewhere."""
        return self.target().view(np.uint8) * np.uint8(255)

    def target(self, which: Target = "visible") -> NDArray[np.bool_]:
        """Returns what a model must find: bool (H, W), True on rectangles (or what else ``scene.target_kinds`` names).

        Args:
            which: ``"visible"`` for visible rectangle pixels, ``"amodal"`` for whole rectangles, behind their occluders too.

        Raises:
            UsageError: If ``which`` is neither.
        """
        if which == "visible":
            mask = np.zeros(self.instance_map.shape, bool)
            for instance, part, is_target in zip(self.scene.instances, self._visible_parts, self._are_targets, strict=True):
                if is_target:
                    _crop(mask, instance.box)[:] |= part
            return mask
        if which == "amodal":
            return np.any(self.amodal_masks[np.array(self._are_targets, bool)], axis=0)
        raise UsageError("target must be visible or amodal", received=f"target={which!r}", fix="Use one of the two")

    @cached_property
    def ambiguous(self) -> NDArray[np.bool_]:
        """bool (H, W): pixels whose label is not determined; see :mod:`shapeseg.scenes.ambiguity`. Visible target only.

        None are where the scene's rule is unknown.
        """
        ambiguous = np.zeros(self.instance_map.shape, bool)
        for box, shares in self._open_regions:
            _crop(ambiguous, box)[:] |= (shares != 0) & (shares != 1)
        return ambiguous

    @cached_property
    def rectangle_probability(self) -> NDArray[np.float64]:
        """float64 (H, W): of a pixel, its share of visible rectangle among the scenes found that give this image.

        See :mod:`shapeseg.scenes.ambiguity`. NaN on the shapes of a group that is beyond the search, and everywhere if the
        scene's rule is unknown.
        """
        if not self.scene.has_known_probabilities:
            return np.full(self.instance_map.shape, np.nan)
        probability = self.target().astype(np.float64)
        for box, shares in self._open_regions:
            undecided = (shares != 0) & (shares != 1)
            _crop(probability, box)[undecided] = shares[undecided]
        return probability

    @cached_property
    def beyond_search(self) -> int:
        """How many pixels are of shapes of a group that is beyond the search."""
        return sum(int(np.count_nonzero(np.isnan(shares))) for _, shares in self._open_regions)

    @cached_property
    def _open_regions(self) -> list[tuple[Box, NDArray[np.float64]]]:
        scene = self.scene
        rule = scene.rule or Rule.usual(scene.width, scene.height, scene.instances)
        if not rule.known:
            return []
        return open_regions(
            self.target(), scene.instances, self._are_targets, scene.background, self.instance_map, rule, self.give_up
        )

    @cached_property
    def _are_targets(self) -> list[bool]:
        return [self.scene.is_target(instance) for instance in self.scene.instances]

    @cached_property
    def ignored(self) -> NDArray[np.bool_]:
        """bool (H, W): visible pixels of instances that loss and scores leave out."""
        numbers = [number for number, instance in enumerate(self.scene.instances, start=1) if instance.ignored]
        return np.isin(self.instance_map, numbers)


def _stencil(instance: Instance) -> NDArray[np.uint8]:
    _, _, w, h = instance.box
    return silhouette(instance.kind, w, h, instance.form)[0]


def _crop(array: NDArray[Any], box: Box) -> NDArray[Any]:
    x, y, w, h = box
    return array[y : y + h, x : x + w]


@lru_cache(maxsize=16384)
def _patch(w: int, h: int, value: Color | int) -> NDArray[np.uint8]:
    """Returns one colour or number as OpenCV copies it through a stencil: uint8 (h, w, 3) or (h, w), read-only."""
    return _square(1 << (max(w, h) - 1).bit_length(), value)[:h, :w]


@lru_cache(maxsize=64)
def _square(side: int, value: Color | int) -> NDArray[np.uint8]:
    """Returns what patches are cut from, so that thousands of them take the memory of a few."""
    shape = (side, side, 3) if isinstance(value, tuple) else (side, side)
    square = np.full(shape, value, np.uint8)
    square.setflags(write=False)
    return square
