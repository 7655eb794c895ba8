"""The rectangle IoU of a model against the severity of each corruption."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapeseg.evaluation.bootstrap import intervals
from shapeseg.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from shapeseg.evaluation.counts import Counts, count, pooled
from shapeseg.evaluation.example import Example, example_at
from shapeseg.evaluation.image_result import AS_PREDICTED, PredictionOptions, masks_of
from shapeseg.evaluation.prediction import predict
from shapeseg.scenes.truth import Target

if TYPE_CHECKING:
    import keras

    from shapeseg.datasets import Dataset


def corruption_curves(
    model: keras.Model,
    data: Dataset,
    *,
    stride: int,
    threshold: float,
    images: int,
    target: Target = "visible",
    options: PredictionOptions = AS_PREDICTED,
    seed: int = 0,
    progress: Callable[[int], object] = lambda images: None,
) -> dict[str, Any]:
    """Measures a model on the first images of a dataset, as they are and corrupted.

    Args:
        model: As ``shapeseg.load_model`` returns it.
        data: What to corrupt.
        stride: What the model needs height and width to be multiples of.
        threshold: Probability from which a pixel counts as rectangle.
        images: At most so many.
        target: What the model was trained to find.
        options: What is done to a prediction first.
        seed: Of what is random in corruptions.
        progress: Called with the number of predictions made since the last call.

    Returns:
        ``images``, ``seed``, ``clean`` (IoU with its interval), and ``curves``: for each kind its unit and a list with the
        severity, strength, IoU and interval of each step; None for a kind that needs recipes where there are none.
    """
    number = min(images, len(data))

    def measure(corrupted: Callable[[Example], Example]) -> dict[str, Any]:
        shown = (corrupted(example_at(data, place, target)) for place in range(number))
        counts: list[Counts] = []
        for prediction in predict(model, shown, stride=stride, tta=options.tta):
            predicted = list(masks_of(prediction, threshold, options).values())[-1]
            counts.append(count(prediction.example.target, predicted))
            progress(1)
        interval = intervals([each.both for each in counts], [sum(each) for each in counts])[0]
        return {"iou": pooled(counts).iou, "iou_interval": interval}

    def measure_at(kind: str, severity: int) -> dict[str, Any]:
        def corrupted(example: Example) -> Example:
            return corrupt(example, kind, severity, seed=seed, index=data.index_of(example.place), target=target)

        return measure(corrupted)

    return {
        "images": number,
        "seed": seed,
        "clean": measure(lambda example: example),
        "curves": {
            kind: {
                "unit": CORRUPTIONS[kind].unit,
                "steps": [
                    {"severity": severity, "strength": strength, **measure_at(kind, severity)}
                    for severity, strength in zip(SEVERITIES, CORRUPTIONS[kind].strengths, strict=True)
                ],
            }
            if kind in possible(data)
            else None
            for kind in CORRUPTIONS
        },
    }


def possible(data: Dataset) -> list[str]:
    """Returns the kinds that can be measured on a dataset: without recipes, those that need none."""
    return [kind for kind, corruption in CORRUPTIONS.items() if data.has_recipes or not corruption.needs_recipe]


def prediction_count(data: Dataset, images: int) -> int:
    """Returns how many predictions :func:`corruption_curves` makes."""
    return min(images, len(data)) * (1 + len(possible(data)) * len(SEVERITIES))
