"""The scores of a set of images, from the counts of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from shapeseg.evaluation.counts import Counts, pooled

_WORST_SHARE = 0.05


def summarise(per_image: Sequence[Counts]) -> dict[str, Any]:
    """Returns pooled scores, and the IoU per image as mean, median and mean of the worst 5 % (one image at least).

    Images whose IoU is undefined (no rectangle in truth or prediction) are left out of the per-image scores and counted in
    ``iou_per_image_undefined``; they do count in the pooled scores.
    """
    total = pooled(per_image)
    defined = sorted(counts.iou for counts in per_image if counts.iou is not None)
    worst = defined[: math.ceil(_WORST_SHARE * len(defined))]
    return {
        "images": len(per_image),
        "iou": total.iou,
        "dice": total.dice,
        "precision": total.precision,
        "recall": total.recall,
        "iou_per_image_mean": fmean(defined) if defined else None,
        "iou_per_image_median": median(defined) if defined else None,
        "iou_per_image_worst5": fmean(worst) if worst else None,
        "iou_per_image_undefined": len(per_image) - len(defined),
    }
