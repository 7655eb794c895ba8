"""The content of ``honesty.json``, written and read through these types."""

from __future__ import annotations

from typing import Any, TypedDict

from shapeseg.evaluation.ambiguous_pixels import AmbiguousScores
from shapeseg.workflows.study.origin import Origin


class ModelScores(TypedDict):
    """One model on the test set.

    Attributes:
        iou: IoU of all pixels that count, at the threshold chosen on val.
        iou_decidable: IoU of those for which no other label was found.
        ambiguous: How honest it is on the others, with the bins of a reliability curve.
        temperature: Chosen on val.
        tempered: How honest it is with that temperature.
        threshold: Chosen on val.
        implied_threshold: What the IoU on val, J, makes best for honest probabilities: J / (1 + J).
        iou_at_implied: As ``iou``, at that threshold.
        minutes: From the first file of its run to the last.
    """

    iou: float | None
    iou_decidable: float | None
    ambiguous: AmbiguousScores
    temperature: float
    tempered: AmbiguousScores
    threshold: float
    implied_threshold: float
    iou_at_implied: float | None
    minutes: float


class HonestyResults(Origin):
    """The content of ``honesty.json``: the scores of each seed, by arm of the grid and by point of the frontier."""

    test_set: dict[str, Any]
    grid: dict[str, list[ModelScores]]
    frontier: dict[str, ModelScores]
