"""The scores as a terminal shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shapeseg.evaluation.groups import GroupScores
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.interval_text import interval_text
from shapeseg.reporting.tables import table

_RUN: Final = ("model", "dataset", "split", "images", "threshold", "target")
_POOLED: Final = ("iou", "iou_interval", "dice", "precision", "recall")
_PER_IMAGE: Final = ("iou_per_image_mean", "iou_per_image_median", "iou_per_image_worst5", "iou_per_image_undefined")


def evaluation_table(metrics: Metrics, has_recipes: bool) -> str:
    """Returns the scores as a table: a dash is undefined, ``unknown`` is known only with the rule of the scenes.

    Args:
        metrics: As of ``metrics.json``.
        has_recipes: Whether the scenes of the images are known.
    """

    decidable = metrics["calibration"]["decidable"]
    rows: dict[str, Any] = {name: metrics[name] for name in (*_RUN, *_POOLED)}
    if has_recipes:
        rows |= {
            "iou_decidable": metrics["iou_decidable"] if decidable else "unknown",
            "iou_ceiling, of a large set": metrics["iou_ceiling"] if decidable else "unknown",
        }
    else:
        rows["target"] = metrics["target_name"]
    rows |= {name: metrics[name] for name in _PER_IMAGE}
    rows |= {f"boundary iou, {width} px": value for width, value in metrics["boundary_iou"].items()}
    rows |= {"panoptic quality": metrics["panoptic"]["pq"]}
    if has_recipes:
        rows |= {"touching rectangles": metrics["panoptic"]["touching_rectangles"]}
    measured, pixels = (decidable, "decidable") if decidable else (metrics["calibration"]["all"], "all")
    rows |= {f"calibration error, {pixels} pixels": measured["expected_error"]}
    if has_recipes:
        ambiguous = metrics["ambiguous"]
        rows["log loss, ambiguous pixels"] = ambiguous["log_loss"] if ambiguous else "unknown"
        rows["the least possible"] = ambiguous["log_loss_floor"] if ambiguous else "unknown"
    for name, cell in (metrics["by_occlusion"] or {}).items():
        rows[f"recall, occlusion {name}"] = _recall(cell)
    trained_on = metrics["trained_on"]
    rows["trained on"] = "unknown" if trained_on is None else f"{trained_on} of these images"
    if metrics["beyond_search"]:
        rows["pixels beyond the search for ambiguity"] = metrics["beyond_search"]
    if metrics["wrong_pixels"] is not None:
        rows["wrong pixels"] = _listed(metrics["wrong_pixels"])
    for name, scores in (metrics["effects"] or {}).items():
        rows[f"iou, {name}"] = scores["iou"]
    interval = None if metrics["iou"] is None else interval_text(metrics["iou_interval"], metrics["images"], 4)
    text = table(rows | {"iou_interval": interval})
    if metrics["recall"] is None:
        text += f"\nthere is no {metrics['target_name']} in these images, so what would be divided by its pixels is undefined"
    return text


def _recall(cell: GroupScores) -> str:
    if cell["recall"] is None:
        return f"-  of {cell['n']} rectangles"
    spread = interval_text(cell["recall_interval"], cell["n"], 4)
    return f"{cell['recall']:.4f}  {spread}" + (f", n = {cell['n']}" if cell["recall_interval"] else "")


def _listed(counts: Mapping[str, int | None]) -> str:
    return ", ".join(f"{name} {'-' if pixels is None else pixels}" for name, pixels in counts.items())
