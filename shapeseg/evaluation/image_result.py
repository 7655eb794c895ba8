"""All that is measured of one image, small enough to keep for every image of a set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Example
from shapeseg.evaluation.boundary import boundary_counts, official_width
from shapeseg.evaluation.components import pieces
from shapeseg.evaluation.counts import Counts, count
from shapeseg.evaluation.error_places import error_places
from shapeseg.evaluation.instances import InstanceRecord, instance_records
from shapeseg.evaluation.panoptic import Matches, match
from shapeseg.scenes.scene import Target

Mask = NDArray[np.bool_]

NARROW_BANDS = (1, 2)


class ImageResult(NamedTuple):
    """What was measured of one image.

    Attributes:
        counts: Counts of all pixels but ignored ones.
        decidable: Counts of those for which no other label was found.
        ambiguous_pixels: How many others there are; 0 where no recipe is known.
        boundary: Counts of the bands of 1 and 2 pixels and of the official width.
        official_width: That width, in pixels.
        matches: Matches of connected pieces.
        places: Where the wrong pixels lie; None where no recipe is known.
        instances: Its target instances, back to front; none where no recipe is known.
        effects: Counts of the plain prediction, and after each option that is on, in turn.
    """

    counts: Counts
    decidable: Counts
    ambiguous_pixels: int
    boundary: tuple[Counts, ...]
    official_width: int
    matches: Matches
    places: dict[str, int] | None
    instances: list[InstanceRecord]
    effects: dict[str, Counts]


def measure_image(example: Example, masks: dict[str, Mask], target: Target) -> ImageResult:
    """Measures one image.

    Args:
        example: The image.
        masks: As of :meth:`shapeseg.evaluation.prediction.Predicted.masks`.
        target: What the model must find.
    """
    predicted = list(masks.values())[-1]
    truth = example.target
    counts = count(truth, predicted)
    ambiguous = example.ambiguous
    ambiguous_pixels = int(np.count_nonzero(ambiguous))
    decidable = count(truth & ~ambiguous, predicted & ~ambiguous) if ambiguous_pixels else counts
    official = official_width(*truth.shape)
    true_pieces = pieces(truth)
    records = instance_records(example, example.truth, predicted, true_pieces, target) if example.truth else []
    return ImageResult(
        counts=counts,
        decidable=decidable,
        ambiguous_pixels=ambiguous_pixels,
        boundary=tuple(boundary_counts(truth, predicted, width) for width in (*NARROW_BANDS, official)),
        official_width=official,
        matches=match(true_pieces, pieces(predicted)),
        places=error_places(example, predicted),
        instances=records,
        effects={name: count(truth, mask) for name, mask in masks.items()} if len(masks) > 1 else {},
    )
