"""Panoptic quality (Kirillov et al., 2019) of connected pieces: are whole pieces found, not only pixels?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.counts import ratio


class Matches(NamedTuple):
    """What became of the pieces of truth and prediction.

    Attributes:
        iou_sum: Sum of the IoUs of the matched pairs.
        true_positives: Pairs whose IoU is above 0.5; no piece can be in two.
        false_positives: Predicted pieces without a partner.
        false_negatives: True pieces without a partner.
    """

    iou_sum: float
    true_positives: int
    false_positives: int
    false_negatives: int


class PanopticQuality(TypedDict):
    """Panoptic, segmentation and recognition quality, None where undefined, and the pieces that they come from."""

    pq: float | None
    sq: float | None
    rq: float | None
    true_positives: int
    false_positives: int
    false_negatives: int


def match(truth: NDArray[np.int32], predicted: NDArray[np.int32]) -> Matches:
    """Matches numbered pieces, int32 (H, W), of one image."""
    true_areas, predicted_areas = (np.bincount(numbers[numbers != 0], minlength=1)[1:] for numbers in (truth, predicted))
    shared = (truth != 0) & (predicted != 0)
    pairs = (truth[shared].astype(np.int64) - 1) * max(len(predicted_areas), 1) + predicted[shared] - 1
    codes, both = np.unique(pairs, return_counts=True)
    true_place, predicted_place = np.divmod(codes, max(len(predicted_areas), 1))
    ious = both / (true_areas[true_place] + predicted_areas[predicted_place] - both)
    matched = ious[ious > 0.5]
    found = len(matched)
    return Matches(float(matched.sum()), found, len(predicted_areas) - found, len(true_areas) - found)


def panoptic_quality(matches: Iterable[Matches]) -> PanopticQuality:
    """Pools the matches of many images into panoptic, segmentation and recognition quality; undefined ones are None."""
    iou_sum, found, invented, missed = (sum(column) for column in zip(Matches(0.0, 0, 0, 0), *matches, strict=True))
    weighed = found + (invented + missed) / 2
    return {
        "pq": ratio(iou_sum, weighed),
        "sq": ratio(iou_sum, found),
        "rq": ratio(found, weighed),
        "true_positives": found,
        "false_positives": invented,
        "false_negatives": missed,
    }
