"""Examples: an image with its label map and what else is known of it, from its recipe where there is one, else from files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import InputError
from shapeseg.labels import is_ambiguous, is_ignored, is_target, label_map
from shapeseg.scenes import Scene, SceneSettings, Truth, sample_scene
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.scene import Target

Pixels = NDArray[np.uint8]


class ExampleSource(Protocol):
    """What a feed draws its examples from."""

    @property
    def settings(self) -> SceneSettings:
        """How its scenes look."""

    @property
    def rule(self) -> Rule | None:
        """By what its scenes were chosen, which says how probable each label is; None when that is unknown."""

    def __len__(self) -> int:
        """Number of examples in an epoch."""

    def index_of(self, place: int, epoch: int) -> int:
        """The example's own number, which its augmentation depends on."""

    def scene_of(self, place: int, epoch: int) -> Scene | None:
        """The example's scene; None where no recipe is known."""

    def stored(self, place: int) -> tuple[Pixels, Pixels]:
        """Image and mask as stored; asked for only where there is no scene."""


@dataclass(frozen=True)
class FreshScenes:
    """Endless fresh scenes: no example is ever seen twice, nothing is on disk, and no dataset holds any of them.

    Attributes:
        settings: How scenes look.
        seed: Seed of every stream.
        size: Examples in what counts as an epoch.
        frozen: Show the same examples in every epoch, to validate on; none of them is among those of an epoch.
    """

    settings: SceneSettings
    seed: int
    size: int
    frozen: bool = False

    @property
    def first_index(self) -> int:
        """Index of the first scene in the streams: beyond all that a dataset can hold, so that none is ever stored."""
        return 2**63 + (2**62 if self.frozen else 0)

    @property
    def target_name(self) -> str:
        """What the target is called, in the singular."""
        return " or ".join(self.settings.target_kinds)

    @property
    def rule(self) -> Rule:
        """They are as their settings say."""
        return Rule(self.settings)

    def __len__(self) -> int:
        return self.size

    def index_of(self, place: int, epoch: int) -> int:
        """The example's own number."""
        return place if self.frozen else epoch * self.size + place

    def scene_of(self, place: int, epoch: int) -> Scene:
        """The example's scene."""
        return sample_scene(self.settings, seed=self.seed, index=self.first_index + self.index_of(place, epoch))

    def stored(self, place: int) -> tuple[Pixels, Pixels]:
        """Nothing is stored."""
        raise InputError("fresh scenes have no files", received=f"example {place}", fix="Render their scenes")


def labels_of(truth: Truth, target: Target = "visible") -> Pixels:
    """Returns the label map of a rendered scene, uint8 (H, W), as in :mod:`shapeseg.labels`.

    Whole rectangles do not depend on the depth order, so with the amodal target nothing is ambiguous; the hidden pixels of an
    ignored one are ignored too, but for those of another target that is not.
    """
    ambiguous = truth.ambiguous if target == "visible" else None
    ignores = any(instance.ignored for instance in truth.scene.instances)
    return label_map(truth.target(target), ambiguous, _ignored_pixels(truth, target) if ignores else None)


def _ignored_pixels(truth: Truth, target: Target) -> NDArray[np.bool_]:
    if target == "visible":
        return truth.ignored
    targets = np.array([truth.scene.is_target(each) for each in truth.scene.instances], bool)
    ignored = np.array([each.ignored for each in truth.scene.instances], bool)
    left_out, scored = (truth.amodal_masks[chosen].any(axis=0) for chosen in (targets & ignored, targets & ~ignored))
    return truth.ignored | (left_out & ~scored)


@dataclass(frozen=True, eq=False)
class Example:
    """One image to measure a prediction of.

    Attributes:
        place: Place of the image in its dataset.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        labels: uint8 (H, W), as in :mod:`shapeseg.labels`.
        truth: The rendered scene; None where no recipe is known.
    """

    place: int
    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    truth: Truth | None = None

    @cached_property
    def target(self) -> NDArray[np.bool_]:
        """bool (H, W): what a model must find."""
        return np.asarray(is_target(self.labels))

    @cached_property
    def ambiguous(self) -> NDArray[np.bool_]:
        """bool (H, W): pixels whose label the image does not determine; none where no recipe is known."""
        return np.asarray(is_ambiguous(self.labels))

    @cached_property
    def ignored(self) -> NDArray[np.bool_] | None:
        """bool (H, W): pixels that scores leave out; None when there are none."""
        ignored = np.asarray(is_ignored(self.labels))
        return ignored if ignored.any() else None


def examples(data: ExampleSource, target: Target = "visible") -> Iterator[Example]:
    """Yields every image of a dataset in order: drawn again where recipes are known, else from its files."""
    return (example_at(data, place, target) for place in range(len(data)))


def example_at(data: ExampleSource, place: int, target: Target = "visible") -> Example:
    """Returns one image of a dataset."""
    scene = data.scene_of(place, 0)
    if scene is None:
        return Example(place, *data.stored(place))
    truth = scene.render()
    return Example(place, truth.image, labels_of(truth, target), truth)


def exact_probability(truth: Truth | None, target: Target = "visible") -> NDArray[np.float64] | None:
    """Returns the exact probability of each pixel, as ``Truth.rectangle_probability``: float64 (H, W).

    None where it is unknown: without a recipe, without the rule by which scenes were chosen, and of the amodal target.
    """
    if truth is None or target != "visible":
        return None
    return truth.rectangle_probability if truth.scene.has_known_probabilities else None
