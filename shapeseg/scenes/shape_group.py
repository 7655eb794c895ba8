"""Shapes that touch, as the search for ambiguity sees them: silhouettes and colours in a region, one bit a pixel.

Silhouettes are Python integers, which makes unions and tests single operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes.instance import Box, Instance
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.settings import Color

InstanceMap = NDArray[np.uint8]
Mask = NDArray[np.bool_]


class BeyondSearchError(Exception):
    """A group whose search would take too long."""


class ShapeGroup:
    """Shapes that touch each other, directly or through others, in a region of the image."""

    def __init__(
        self,
        members: Sequence[int],
        instances: Sequence[Instance],
        are_targets: Sequence[bool],
        background: Color,
        instance_map: InstanceMap,
        rule: Rule,
        give_up: Callable[[], bool] | None = None,
    ) -> None:
        self.rule = rule
        self._give_up = give_up
        self.apart = rule.asks_for_occlusion  # then what each shape shows must be known apart
        self.members = [instances[each] for each in members]
        self.others = [instances[each].box for each in range(len(instances)) if each not in members]
        self.is_target = [are_targets[each] for each in members]
        self.places = range(len(members))
        height, width = instance_map.shape
        margin = rule.scene.max_size if any(each.color == background for each in self.members) else 1
        boxes = [each.box for each in self.members]
        left, top = max(min(box[0] for box in boxes) - margin, 0), max(min(box[1] for box in boxes) - margin, 0)
        right = min(max(x + w for x, _, w, _ in boxes) + margin, width)
        bottom = min(max(y + h for _, y, _, h in boxes) + margin, height)
        self.region: Box = (left, top, right - left, bottom - top)
        numbers = instance_map[top:bottom, left:right]
        codes = {color: code for code, color in enumerate(dict.fromkeys([background, *(each.color for each in instances)]))}
        seen = np.array([codes[background], *(codes[each.color] for each in instances)], np.uint8)[numbers]
        own = np.array([True, *(each in members for each in range(len(instances)))])[numbers]  # or of a shape that is apart
        self.has_color = {each.color: (seen == codes[each.color]) & own for each in self.members}
        self.of_color = {color: self.bits(mask) for color, mask in self.has_color.items()}
        self.painted = self.bits((seen != codes[background]) & own)
        self.silhouettes = [self.bits(self.placed(each)) for each in self.members]
        # What a shape may show nowhere: something in front must cover it.
        self.forbidden = [bits & ~self.of_color[each.color] for bits, each in zip(self.silhouettes, self.members, strict=True)]

    def go_on(self) -> None:
        """Raises a BeyondSearchError once whoever waits for the search gives it up."""
        if self._give_up is not None and self._give_up():
            raise BeyondSearchError

    @property
    def everything(self) -> int:
        """What all members cover."""
        cover = 0
        for bits in self.silhouettes:
            cover |= bits
        return cover

    @cached_property
    def covers(self) -> list[int]:
        """What each set of members covers, the empty one first."""
        covers = [0]
        for bits in self.silhouettes:
            covers += [cover | bits for cover in covers]
        return covers

    def bits(self, mask: Mask) -> int:
        """Returns a mask of the region, bool (h, w), as a number of one bit a pixel."""
        return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")

    def mask(self, bits: int) -> Mask:
        """Undoes :meth:`bits`."""
        _, _, w, h = self.region
        octets = np.frombuffer(bits.to_bytes(-(-w * h // 8), "little"), np.uint8)
        return np.unpackbits(octets, count=w * h, bitorder="little").reshape(h, w).view(bool)

    def placed(self, instance: Instance) -> Mask:
        """Returns the silhouette of a shape in the region; its box may reach over the edge, its pixels must not."""
        left, top, w, h = self.region
        x, y, width, height = instance.box
        mask = np.zeros((h, w), bool)
        stencil = silhouette(instance.kind, width, height, instance.form)[0]
        first_row, first_column = max(top - y, 0), max(left - x, 0)
        part = stencil[first_row : top + h - y, first_column : left + w - x]
        row, column = y + first_row - top, x + first_column - left
        mask[row : row + part.shape[0], column : column + part.shape[1]] = part != 0
        return mask

    def slices(self, box: Box) -> tuple[slice, slice]:
        """Returns rows and columns of a box in the region."""
        left, top, _, _ = self.region
        x, y, w, h = box
        return slice(y - top, y - top + h), slice(x - left, x - left + w)

    def reach(self, moved: int) -> int:
        """Returns the pixels that a shape might show or be hidden at, wherever it is."""
        hidden = self.covers[(len(self.covers) - 1) & ~(1 << moved)]
        return self.of_color[self.members[moved].color] | hidden

    def only_own(self, moved: int) -> int:
        """Returns the pixels of a shape's colour that no other shape of that colour covers: it alone can show them."""
        own = self.members[moved]
        same = [
            bits
            for place, (bits, each) in enumerate(zip(self.silhouettes, self.members, strict=True))
            if place != moved and each.color == own.color
        ]
        alone = self.of_color[own.color] & self.painted
        for bits in same:
            alone &= ~bits
        return alone


def touching(instances: Sequence[Instance], background: Color, rule: Rule) -> list[list[int]]:
    """Returns the groups of shapes whose boxes touch, directly or through others; the background's colour reaches far."""
    reaches = [rule.scene.max_size if each.color == background else 1 for each in instances]
    groups: list[list[int]] = []
    for member, (own, reach) in enumerate(zip(instances, reaches, strict=True)):
        near = [
            group
            for group in groups
            if any(is_near(own.box, instances[other].box, max(reach, reaches[other])) for other in group)
        ]
        merged = [other for group in near for other in group] + [member]
        groups = [group for group in groups if group not in near] + [merged]
    return [sorted(group) for group in groups]


def is_near(one: Box, other: Box, by: int) -> bool:
    """Whether two boxes share a pixel once one of them has grown."""
    (x, y, w, h), (a, b, c, d) = one, other
    return x - by < a + c and a - by < x + w and y - by < b + d and b - by < y + h
