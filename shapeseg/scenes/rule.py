"""By what a dataset's scenes were chosen: settings, and filters in their order. What does not meet it could not be there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from shapeseg.errors import InputError, UsageError
from shapeseg.scenes.instance import Box, Instance, boxes_overlap
from shapeseg.scenes.occlusion import OCCLUSION_BINS, TOLERANCE
from shapeseg.scenes.settings import SceneSettings
from shapeseg.settings import check_range
from shapeseg.value_types import check_types

Way = Literal["drop-occluded", "drop-beyond", "ignore-occluded"]


@dataclass(frozen=True)
class FilterSettings:
    """What to remove, and how."""

    way: Way = "drop-beyond"
    """drop-occluded (any occlusion), drop-beyond (images beyond the limit) or ignore-occluded (keep images, mark shapes)."""
    max_occlusion: float = 0.0
    """Largest fraction of a shape that may be hidden, 0 to 1."""
    all_instances: bool = False
    """Judge every shape; by default only the targets count."""

    def __post_init__(self) -> None:
        check_types(self)
        check_range("max_occlusion", self.max_occlusion, least=0, most=1, fix="Try 0.25")
        if self.way == "drop-occluded" and self.max_occlusion:
            raise UsageError(
                "drop-occluded has no limit", received=f"max_occlusion={self.max_occlusion}", fix="Use --way drop-beyond"
            )

    def is_beyond(self, is_target: bool, rate: float) -> bool:
        """Whether a shape that is hidden by this rate is beyond the limit."""
        return (self.all_instances or is_target) and rate > self.max_occlusion


@dataclass(frozen=True)
class Rule:
    """By what scenes were chosen.

    Attributes:
        scene: Settings that they were drawn with.
        filters: What was then removed, in this order.
        known: Whether this is so; of scenes whose rule is unknown, the probability of others is unknown.
    """

    scene: SceneSettings
    filters: tuple[FilterSettings, ...] = ()
    known: bool = True

    @classmethod
    def usual(cls, width: int, height: int, instances: Sequence[Instance]) -> Rule:
        """Returns the default settings, with canvas and sizes widened to hold these shapes, and no filter."""
        return cls(SceneSettings()).widened(width, height, instances)

    def widened(self, width: int, height: int, instances: Sequence[Instance]) -> Rule:
        """Returns the rule with canvas and sizes widened to hold these shapes."""
        scene, sides = self.scene, [side for instance in instances for side in instance.box[2:]]
        largest = min(width, height, max(scene.max_size, *sides, 1))
        smallest = min(largest, scene.min_size, *sides, largest)
        most = max(largest, *sides, 1)
        return replace(self, scene=replace(scene, width=width, height=height, min_size=smallest, max_size=most))

    def without_occlusion(self) -> Rule:
        """Returns the rule without all that decides by occlusion: a scene that was changed since meets no more than that."""
        return replace(
            self, scene=replace(self.scene, max_occlusion=1.0, occlusion_rates=(), occlusion_bins=False), filters=()
        )

    def refuse(self, width: int, height: int, instances: Sequence[Instance], rates: Sequence[float] | None) -> None:
        """Raises an InputError when a scene breaks the rule; without rates only canvas and sizes are looked at."""
        scene = self.scene
        fits = (width, height) == (scene.width, scene.height) and all(
            scene.min_size <= side <= scene.max_size for instance in instances for side in instance.box[2:]
        )
        if not fits or (rates is not None and self.asks_for_occlusion and not self.admits(instances, rates)):
            raise InputError(
                "the scene breaks the rule by which its dataset was made",
                received=f"{len(instances)} shapes on {width} x {height}",
                fix="Restore dataset.json and its metadata, or generate again",
            )

    @property
    def asks_for_occlusion(self) -> bool:
        """Whether occlusion decides which scenes there are."""
        dropping = any(each.way != "ignore-occluded" for each in self.filters)
        return self.scene.max_occlusion < 1 or self.scene.dialled or dropping

    def admits(self, instances: Sequence[Instance], rates: Sequence[float], others: Sequence[Box] = ()) -> bool:
        """Whether shapes that overlap one another, hidden by these rates, may be in a scene together with boxes of others."""
        if any(rate > self.scene.max_occlusion for rate in rates):
            return False
        for each in self.filters:
            if each.way != "ignore-occluded" and any(
                each.is_beyond(instance.kind in self.scene.target_kinds, rate)
                for instance, rate in zip(instances, rates, strict=True)
            ):
                return False
        return not self.scene.dialled or self._admits_dialled(instances, rates, others)

    def _admits_dialled(self, instances: Sequence[Instance], rates: Sequence[float], others: Sequence[Box]) -> bool:
        """Whether asked targets are hidden as asked, each by one shape alone, and all others stand free."""
        boxes = [instance.box for instance in instances]
        for place, (instance, rate) in enumerate(zip(instances, rates, strict=True)):
            partners = [other for other, box in enumerate(boxes) if other != place and boxes_overlap(box, instance.box)]
            if any(boxes_overlap(instance.box, box) for box in others) or len(partners) > 1:
                return False
            asked = instance.asked_occlusion
            if asked is None:
                if rate > 0 or any(instances[other].asked_occlusion is None for other in partners):
                    return False
            elif not self._is_as_asked(asked, rate) or bool(partners) != (asked > 0):
                return False
        return True

    def _is_as_asked(self, asked: float, rate: float) -> bool:
        if self.scene.occlusion_bins:  # any rate of any bin could have been asked for
            return any(low < rate < high or rate == low == high for low, high in OCCLUSION_BINS)
        return abs(rate - asked) < TOLERANCE


UNKNOWN = Rule(SceneSettings(), known=False)
"""Of scenes whose way of being chosen is unknown."""
