"""What the occlusion study keeps of one model on one test set: a few numbers an image and a rectangle, as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets import Dataset
from shapeseg.evaluation.evaluation import Evaluation
from shapeseg.scenes import Scene
from shapeseg.scenes.relations import CONTESTED, contested, occluders_of_targets


class Rectangle(NamedTuple):
    """One target instance.

    Attributes:
        place: Place of its image in the test set.
        instance: Its number in that image; 1 is at the back.
        occlusion_rate: Share of it that is hidden.
        occlusion: Bin of that rate.
        occluder_color: Colours of what hides it: ``none``, ``same``, ``other`` or ``both``.
        recall: Share of its visible pixels that were found; None when it has none.
    """

    place: int
    instance: int
    occlusion_rate: float
    occlusion: str
    occluder_color: str
    recall: float | None


@dataclass(frozen=True, eq=False)
class SetScores:
    """One model on one test set.

    Attributes:
        pixels: int64 (images, 3): pixels of each image that are right, missed, and invented.
        decidable: int64 (images, 3): the same of pixels for which no other label was found.
        contested: int64 (images, groups): pixels of each of ``CONTESTED``.
        called: int64 (images, groups): those of them that are called target.
        rectangles: Every target instance, image by image.
    """

    pixels: NDArray[np.int64]
    decidable: NDArray[np.int64]
    contested: NDArray[np.int64]
    called: NDArray[np.int64]
    rectangles: Sequence[Rectangle]


def scores_to_dict(evaluation: Evaluation, data: Dataset) -> dict[str, Any]:
    """Returns what to keep of an evaluation as plain JSON types.

    Args:
        evaluation: Evaluation of a test set, with the predictions of all its images.
        data: The test set.
    """
    places = {row["index"]: place for place, row in enumerate(data.rows)}
    groups = [contested(data.scene(place).render()) for place in range(len(data))]
    return {
        "pixels": [list(counts) for counts in evaluation.counts],
        "decidable": [list(counts) for counts in evaluation.decidable],
        "contested": [_sizes(each) for each in groups],
        "called": [_sizes(each[evaluation.shown[place].predicted]) for place, each in enumerate(groups)],
        "rectangles": [[places[row["index"]], *(row[name] for name in Rectangle._fields[1:])] for row in evaluation.instances],
    }


def scores_from_dict(content: Mapping[str, Any]) -> SetScores:
    """Reads what :func:`scores_to_dict` returned."""
    counts = {name: np.array(content[name], np.int64) for name in ("pixels", "decidable", "contested", "called")}
    return SetScores(**counts, rectangles=[Rectangle(*row) for row in content["rectangles"]])


def _sizes(groups: NDArray[np.uint8]) -> list[int]:
    return np.bincount(groups.ravel(), minlength=len(CONTESTED) + 1)[1:].tolist()


def pairs_of(scene: Scene) -> dict[int, int]:
    """Returns the number of each target of a scene, and its number in the scene's twin without occluders.

    Targets that hide part of another are not in the twin, and so not in the result.
    """
    removed = occluders_of_targets(scene.render())
    stays = [place for place in range(len(scene.instances)) if place not in removed]
    return {place + 1: number for number, place in enumerate(stays, start=1) if scene.is_target(scene.instances[place])}
