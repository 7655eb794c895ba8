"""What a preview shows of a sample, and writes over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets import Dataset
from shapeseg.datasets.sizes import at_most
from shapeseg.reporting.pictures import Note
from shapeseg.reporting.texts import Label

_SIDE = 640  # pixels of a tile, more than it is shown with


def noted_tile(
    data: Dataset, place: int, *, masks: bool, outlines: bool, numbers: bool, rates: bool
) -> tuple[NDArray[np.uint8], Note]:
    """Returns the tile of a sample, its image (H, W, 3) or mask (H, W), and the note over it; photographs are made small."""
    _, image, mask = data[place]
    if data.has_recipes:
        return mask if masks else image, _note(data, place, outlines=outlines, numbers=numbers, rates=rates)
    image, mask = at_most(_SIDE, image), at_most(_SIDE, mask)
    return mask if masks else image, Note([mask != 0] if outlines and mask.any() else [])


def _note(data: Dataset, place: int, *, outlines: bool, numbers: bool, rates: bool) -> Note:
    scene = data.scene(place)
    truth = scene.render()
    silhouettes = [
        mask for mask, instance in zip(truth.amodal_masks, scene.instances, strict=True) if scene.is_target(instance)
    ]
    labels = []
    for number, (instance, rate) in enumerate(zip(scene.instances, truth.occlusion_rates, strict=True), start=1):
        lines = [str(number)] if numbers else []
        if rates and rate > 0 and scene.is_target(instance):
            lines.append(f"{rate:.0%}")
        x, y, w, h = instance.box
        if lines:
            labels.append(Label(x + w / 2, y + h / 2, "\n".join(lines)))
    return Note(silhouettes if outlines else [], labels)
