"""The rectangle IoU of a model against the severity of each corruption."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import Example, example_at
from shapeseg.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from shapeseg.evaluation.counts import Counts, count, pooled
from shapeseg.evaluation.intervals import POOLED_IMAGES, Interval, intervals
from shapeseg.evaluation.prediction import AS_PREDICTED, PredictionOptions, predict
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.terminal import Progress, no_progress


class Reached(TypedDict):
    """The pooled IoU of some images, with its interval."""

    iou: float | None
    iou_interval: Interval


class Step(Reached):
    """What is reached at one severity."""

    severity: int
    strength: float


class Curve(TypedDict):
    """What is reached at every severity of one corruption, and what its strengths are measured in."""

    unit: str
    steps: list[Step]


class CorruptionCurves(TypedDict):
    """The content of ``corruptions.json``; None for a kind that needs recipes where there are none."""

    images: int
    seed: int
    clean: Reached
    curves: dict[str, Curve | None]


def corruption_curves(
    model: OpenedModel,
    data: Dataset,
    *,
    images: int,
    options: PredictionOptions = AS_PREDICTED,
    seed: int = 0,
    progress: Progress = no_progress,
) -> CorruptionCurves:
    """Measures a model on the first images of a dataset, as they are and corrupted.

    Args:
        model: As :func:`shapeseg.inference.opened_model.open_model` returns it.
        data: What to corrupt.
        images: At most so many.
        options: What is done to a prediction first.
        seed: Seed of what is random in corruptions.
        progress: Called with the number of predictions made since the last call.
    """
    number = min(images, len(data))

    def measure(corrupted: Callable[[Example], Example]) -> Reached:
        shown = (corrupted(example_at(data, place, model.target)) for place in range(number))
        counts: list[Counts] = []
        for prediction in predict(model, shown, tta=options.tta):
            predicted = list(prediction.masks(model.threshold, options).values())[-1]
            counts.append(count(prediction.example.target, predicted))
            progress(1)
        interval = intervals([each.both for each in counts], [sum(each) for each in counts], POOLED_IMAGES)[0]
        return {"iou": pooled(counts).iou, "iou_interval": interval}

    def curve(kind: str) -> Curve:
        def step(severity: int, strength: float) -> Step:
            def corrupted(example: Example) -> Example:
                index = data.index_of(example.place)
                return corrupt(example, kind, severity, seed=seed, index=index, target=model.target)

            return {"severity": severity, "strength": strength, **measure(corrupted)}

        corruption = CORRUPTIONS[kind]
        return {"unit": corruption.unit, "steps": list(map(step, SEVERITIES, corruption.strengths))}

    measurable = possible(data)
    return {
        "images": number,
        "seed": seed,
        "clean": measure(lambda example: example),
        "curves": {kind: curve(kind) if kind in measurable else None for kind in CORRUPTIONS},
    }


def possible(data: Dataset) -> list[str]:
    """Returns the kinds that can be measured on a dataset: without recipes, those that need none."""
    return [kind for kind, corruption in CORRUPTIONS.items() if data.has_recipes or not corruption.needs_recipe]


def prediction_count(data: Dataset, images: int) -> int:
    """Returns how many predictions :func:`corruption_curves` makes."""
    return min(images, len(data)) * (1 + len(possible(data)) * len(SEVERITIES))
