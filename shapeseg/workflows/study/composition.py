"""What a training set of the occlusion study holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shapeseg.datasets import Dataset
from shapeseg.scenes.relations import contested
from shapeseg.workflows.study.arms import hidden_pixels
from shapeseg.workflows.study.record import Composition


def composition(sets: Sequence[Dataset]) -> Composition:
    """Returns what an image of training sets holds in the mean, and shares of its rectangles and contested pixels."""
    rows = [row for data in sets for row in data.rows]
    targets = [each for row in rows for each in row["instances"] if each["kind"] in row.get("target_kinds", ["rectangle"])]
    counted = [each for each in targets if not each.get("ignored")]
    disputed = in_front = ambiguous = 0
    for data in sets:
        for place in range(len(data)):
            truth = data.scene(place).render()
            groups = contested(truth)
            disputed += int(np.count_nonzero(groups))
            in_front += int(np.count_nonzero(groups[truth.target()]))
            ambiguous += int(np.count_nonzero(truth.ambiguous))
    return {
        "images": len(rows) / len(sets),
        "shapes_per_image": sum(len(row["instances"]) for row in rows) / len(rows),
        "rectangles_per_image": len(counted) / len(rows),
        "hidden_at_all": sum(each["occlusion_rate"] > 0 for each in counted) / max(len(counted), 1),
        "hidden_by_more_than_a_quarter": sum(each["occlusion_rate"] > 0.25 for each in counted) / max(len(counted), 1),
        "rectangle_pixels_per_image": sum(each["visible_area"] for each in counted) / len(rows),
        "hidden_pixels_per_image": hidden_pixels(rows) / len(rows),
        "contested_pixels_per_image": disputed / len(rows),
        "rectangle_in_front": in_front / disputed if disputed else None,
        "ambiguous_pixels_per_image": ambiguous / len(rows),
    }
