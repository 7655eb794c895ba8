"""What a preview writes over an image."""

from __future__ import annotations

from shapeseg.datasets import Dataset
from shapeseg.reporting.pictures import Note
from shapeseg.reporting.texts import Label


def note(data: Dataset, place: int, *, outlines: bool, numbers: bool, rates: bool) -> Note:
    """Returns the note over one tile; it is empty where the sample has no recipe."""
    if "instances" not in data.rows[place]:
        return Note()
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
