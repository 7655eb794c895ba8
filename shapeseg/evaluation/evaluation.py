"""A model measured on a dataset, in one pass over its images, each predicted once."""

from __future__ import annotations

import heapq
import math
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import Example, examples
from shapeseg.datasets.image_digest import image_digest
from shapeseg.evaluation.ambiguous_pixels import AmbiguousPixels
from shapeseg.evaluation.calibration import PROBABILITY_BINS, calibration, reliability
from shapeseg.evaluation.ceiling import Ceiling
from shapeseg.evaluation.counts import Counts
from shapeseg.evaluation.image_result import ImageResult, measure_image
from shapeseg.evaluation.metrics import Calibrations, Scores, pixel_metrics, recipe_metrics
from shapeseg.evaluation.prediction import AS_PREDICTED, PredictionOptions, predict
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.scenes.scene import Target
from shapeseg.terminal import Progress, no_progress

Mask = NDArray[np.bool_]

_LARGE = 2**20  # pixels
_LEVELS = 127  # of a probability that is kept: with the prediction, it takes a byte a pixel


@dataclass(frozen=True, eq=False)
class Shown:
    """What was predicted of an image, small enough to keep for many.

    Attributes:
        shape: (H, W).
        content: uint8 (H, W), the probability in 128 steps, and whether the pixel counts as rectangle; of photographs it is
            compressed.
    """

    shape: tuple[int, ...]
    content: bytes

    @classmethod
    def of(cls, probability: NDArray[np.float32], predicted: Mask) -> Shown:
        """Packs float32 (H, W), 0 to 1, and bool (H, W)."""
        packed = (2 * np.rint(_LEVELS * probability).astype(np.uint8) + predicted).tobytes()
        return cls(predicted.shape, zlib.compress(packed, 1) if predicted.size > _LARGE else packed)

    @property
    def packed(self) -> NDArray[np.uint8]:
        """uint8 (H, W)."""
        content = zlib.decompress(self.content) if math.prod(self.shape) > _LARGE else self.content
        return np.frombuffer(content, np.uint8).reshape(self.shape)

    @property
    def predicted(self) -> Mask:
        """bool (H, W)."""
        return self.packed % 2 == 1

    @property
    def belief(self) -> NDArray[np.float32]:
        """float32 (H, W): the model's probability, rounded to 1/127."""
        return (self.packed // 2).astype(np.float32) / np.float32(_LEVELS)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model reaches on a dataset.

    Attributes:
        metrics: The scores, as in ``metrics.json``, but for where model and data come from. An undefined one is None.
        images: Rows of ``per_image.csv``.
        instances: Rows of ``per_instance.csv``; none where recipes are unknown.
        counts: Counts of each image.
        decidable: The pixels of each image for which no other label was found.
        shown: What was predicted of the images asked for and of the worst ones, by place.
        worst: Places of the latter, worst first: those with the most wrong pixels that can be known, then with the most
            wrong ones.
    """

    metrics: Scores
    images: list[dict[str, Any]]
    instances: list[dict[str, Any]]
    counts: list[Counts]
    decidable: list[Counts]
    shown: Mapping[int, Shown]
    worst: list[int]


def evaluate_model(
    model: OpenedModel,
    data: Dataset,
    *,
    options: PredictionOptions = AS_PREDICTED,
    keep_worst: int = 0,
    keep: Collection[int] = (),
    learned_from: Collection[str] | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Predicts every image once and measures all there is to measure.

    Args:
        model: As :func:`shapeseg.inference.opened_model.open_model` returns it.
        data: What to measure on; no more than one batch of it is held at a time.
        options: What is done to a prediction first.
        keep_worst: Keep the predictions of so many of the worst images.
        keep: Keep the predictions at these places, too.
        learned_from: Digests of the images that the model learned from; None if they are unknown.
        progress: Called with the number of images done since the last call.
    """
    target = model.target
    pass_ = _Pass(target, decides=target == "visible" and data.rule is not None)
    trained_on = None if learned_from is None else 0
    worst = Worst(keep_worst)
    asked: dict[int, Shown] = {}
    for prediction in predict(model, examples(data, target), tta=options.tta):
        example, place = prediction.example, prediction.example.place
        masks = prediction.masks(model.threshold, options)
        predicted = list(masks.values())[-1]
        result = measure_image(example, masks, target)
        pass_.add(example, prediction.probability, result)
        shown = Shown.of(prediction.probability, predicted)
        worst.offer(place, (result.decidable.wrong, result.counts.wrong), shown)
        if place in keep:
            asked[place] = shown
        if learned_from is not None and trained_on is not None:
            trained_on += image_digest(example.image).hex() in learned_from
        progress(1)
    return Evaluation(
        metrics={
            "threshold": model.threshold,
            "target": target,
            **pixel_metrics(pass_.results),
            **recipe_metrics(pass_.results, has_recipes=data.has_recipes, decides=pass_.decides),
            "iou_ceiling": pass_.ceiling.iou() if pass_.decides else None,
            "calibration": pass_.calibration(),
            "ambiguous": pass_.ambiguous.scores() if pass_.decides else None,
            "options": {"tta": options.tta, "min_component": options.min_component},
            "trained_on": trained_on,
            "beyond_search": pass_.beyond_search if pass_.decides else None,
        },
        images=[
            _image_row(row, result, data.has_recipes, pass_.decides)
            for row, result in zip(data.rows, pass_.results, strict=True)
        ],
        instances=[
            {"index": row["index"], "image_id": row["image_id"], "split": row["split"], **record._asdict()}
            for row, result in zip(data.rows, pass_.results, strict=True)
            for record in result.instances
        ],
        counts=[result.counts for result in pass_.results],
        decidable=[result.decidable for result in pass_.results],
        shown=asked | worst.kept(),
        worst=worst.places(),
    )


@dataclass
class _Pass:
    """What is gathered image by image: a few numbers of each, and sums over all pixels."""

    target: Target
    decides: bool
    results: list[ImageResult] = field(default_factory=list)
    ceiling: Ceiling = field(default_factory=Ceiling)
    ambiguous: AmbiguousPixels = field(default_factory=AmbiguousPixels)
    beyond_search: int = 0
    reliability: dict[str, NDArray[np.float64]] = field(
        default_factory=lambda: {"all": np.zeros((3, PROBABILITY_BINS)), "ambiguous": np.zeros((3, PROBABILITY_BINS))}
    )

    def add(self, example: Example, probability: NDArray[np.float32], result: ImageResult) -> None:
        self.results.append(result)
        truth = example.target
        if example.ignored is not None:
            self.reliability["all"] += reliability(probability[~example.ignored], truth[~example.ignored])
        else:
            self.reliability["all"] += reliability(probability, truth)
        if result.ambiguous_pixels:
            self.reliability["ambiguous"] += reliability(probability[example.ambiguous], truth[example.ambiguous])
        if self.decides and example.truth is not None:
            self.ceiling.add(example.truth)
            self.ambiguous.add(example, probability)
            self.beyond_search += example.truth.beyond_search

    def calibration(self) -> Calibrations:
        everything, ambiguous = self.reliability.values()
        return {
            "all": calibration(everything),
            "decidable": calibration(everything - ambiguous) if self.decides else None,
            "ambiguous": calibration(ambiguous) if self.decides else None,
        }


def _image_row(row: Mapping[str, Any], result: ImageResult, has_recipes: bool, decides: bool) -> dict[str, Any]:
    counts = result.counts
    rates = [record.occlusion_rate for record in result.instances]
    return {
        "index": row["index"],
        "image_id": row["image_id"],
        "split": row["split"],
        "iou": counts.iou,
        "dice": counts.dice,
        "precision": counts.precision,
        "recall": counts.recall,
        **counts._asdict(),
        "iou_decidable": result.decidable.iou if decides else None,
        "ambiguous_pixels": result.ambiguous_pixels if decides else None,
        "rectangles": len(rates) if has_recipes else None,
        "max_occlusion": max(rates, default=None),
    }


class Worst:
    """Keeps the worst predictions; of equals, those that come first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[tuple[int, ...], int, Shown]] = []  # places are all different: nothing else is compared

    def offer(self, place: int, wrong: tuple[int, ...], shown: Shown) -> None:
        """Takes one prediction into account, and keeps it if it is among the worst so far."""
        heapq.heappush(self._heap, (wrong, -place, shown))
        if len(self._heap) > self._size:
            heapq.heappop(self._heap)

    def places(self) -> list[int]:
        """Returns the places of those kept, worst first."""
        return [-place for _, place, _ in sorted(self._heap, key=lambda each: each[:2], reverse=True)]

    def kept(self) -> dict[int, Shown]:
        """Returns those kept, by place."""
        return {-place: shown for _, place, shown in self._heap}
