"""One image with all that is known of it, as evaluation looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Source, labels_of
from shapeseg.labels import AMBIGUOUS, IGNORED, TARGET
from shapeseg.scenes import Truth
from shapeseg.scenes.truth import Target


@dataclass(frozen=True, eq=False)
class Example:
    """One image to measure a prediction of.

    Attributes:
        place: Of the image in its dataset.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        labels: uint8 (H, W), as of :mod:`shapeseg.labels`.
        truth: The rendered scene; None where no recipe is known.
    """

    place: int
    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    truth: Truth | None = None

    @cached_property
    def target(self) -> NDArray[np.bool_]:
        """bool (H, W): what a model must find."""
        return (self.labels & (255 - AMBIGUOUS)) == TARGET

    @cached_property
    def ambiguous(self) -> NDArray[np.bool_]:
        """bool (H, W): pixels whose label the image cannot tell; none where no recipe is known."""
        return (self.labels & (255 - TARGET)) == AMBIGUOUS

    @cached_property
    def ignored(self) -> NDArray[np.bool_] | None:
        """bool (H, W): pixels that scores leave out; None when there are none."""
        ignored = self.labels == IGNORED
        return ignored if ignored.any() else None


def examples(data: Source, target: Target = "visible") -> Iterator[Example]:
    """Yields every image of a dataset in order: drawn again where recipes are known, else from its files."""
    return (example_at(data, place, target) for place in range(len(data)))


def example_at(data: Source, place: int, target: Target = "visible") -> Example:
    """Returns one image of a dataset."""
    scene = data.scene_of(place, 0)
    if scene is None:
        return Example(place, *data.stored(place))
    truth = scene.render()
    return Example(place, truth.image, labels_of(truth, target), truth)
