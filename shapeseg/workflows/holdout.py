"""The holdout split is for the card of the model that ships: measured once, with nothing left to choose."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from shapeseg.errors import ModelRefusedError, UsageError
from shapeseg.evaluation.metrics import Metrics
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.models import file_digest, read_card

NOTE = (
    "note      the holdout split is kept for the last check of a model that ships; base no choice on it, "
    "or it is no longer a check"
)

_KEPT: Final = (
    "images",
    "threshold",
    "target",
    "iou",
    "iou_interval",
    "dice",
    "precision",
    "recall",
    "iou_decidable",
    "ambiguous",
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


def refuse_second_time(model: OpenedModel) -> None:
    """Checks that the holdout scores of a model may still be measured.

    Raises:
        ModelRefusedError: If it has no card of its own to write them into.
        UsageError: If its card holds them already.
    """
    if model.card is None or model.card.sha256 != model.sha256:
        raise ModelRefusedError(
            "only a model with a card of its own can ship",
            received=model.path,
            fix="Name a model that train.py trained",
        )
    held = model.card.scores.get("holdout")
    if held and held.get("model_sha256") == model.sha256:
        raise UsageError(
            "the holdout scores of this model have been measured already, and only once makes them a check",
            received=f"{model.path}, holdout iou={held.get('iou')}",
            fix="Read them in its card, under scores",
        )


def write_to_card(model: OpenedModel, metrics: Metrics) -> None:
    """Writes the scores under ``scores.holdout`` of the model's card; the card is read again, so that none are replaced."""
    now = replace(model, sha256=file_digest(model.path), card=read_card(model.path))
    refuse_second_time(now)
    if now.card is not None:
        scores = now.card.scores | {"holdout": {name: metrics[name] for name in _KEPT}}
        replace(now.card, scores=scores).write(now.path)
