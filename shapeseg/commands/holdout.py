"""The holdout split is for the card of the model that ships: measured once, with nothing left to choose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from shapeseg.errors import ModelRefusedError, UsageError
from shapeseg.models import Card, file_digest, read_card

NOTE = (
    "note      the holdout split is kept for the last check of a model that ships; choose nothing by it, "
    "or it is no longer a check"
)

_KEPT = (
    "images",
    "threshold",
    "target",
    "iou",
    "iou_interval",
    "dice",
    "precision",
    "recall",
    "iou_decidable",
    "iou_ceiling",
    "iou_per_image_mean",
    "iou_per_image_median",
    "iou_per_image_worst5",
    "boundary_iou",
    "model_sha256",
    "dataset",
    "dataset_sha256",
    "versions",
    "command",
)


def refuse_second_time(path: Path, card: Card | None) -> None:
    """Checks that the holdout scores of a model may still be measured.

    Raises:
        ModelRefusedError: If it has no card of its own to write them into.
        UsageError: If its card holds them already.
    """
    digest = file_digest(path)
    if card is None or card.sha256 != digest:
        raise ModelRefusedError(
            "only a model with a card of its own can ship", received=path, fix="Name a model that was trained by train.py"
        )
    held = card.scores.get("holdout")
    if held and held.get("model_sha256") == digest:
        raise UsageError(
            "the holdout scores of this model are measured already, and once is what makes them a check",
            received=f"{path}, holdout iou={held.get('iou')}",
            fix="Read them in its card, under scores",
        )


def write_to_card(path: Path, metrics: dict[str, Any]) -> None:
    """Writes the scores under ``scores.holdout`` of the model's card; the card is read again, so that none are replaced."""
    card = read_card(path)
    refuse_second_time(path, card)
    if card is not None:
        scores = card.scores | {"holdout": {name: metrics[name] for name in _KEPT}}
        replace(card, scores=scores).write(path)
