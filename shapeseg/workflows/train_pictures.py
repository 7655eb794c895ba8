"""The pictures of a run, drawn while it trains and when it ends: how it learns, and what its model does worst."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import FreshScenes, exact_probability, example_at, examples
from shapeseg.evaluation.ceiling import Ceiling
from shapeseg.evaluation.prediction import Predicted, predict
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.reporting.pictures import save_figure
from shapeseg.reporting.prediction_pictures import Prediction, prediction_figure
from shapeseg.reporting.training_charts import curves_figure
from shapeseg.scenes.scene import Target
from shapeseg.training.run_folder import RunFolder, read_history

_PICTURED = 6  # images

Wrong = tuple[int, int]
"""Wrong pixels of an image: those that can be known, and all."""


class TrainPictures:
    """The pictures of one run.

    Args:
        folder: Folder of the run.
        val: The images that it is validated on.
        target: What is to be found in them.
    """

    def __init__(self, folder: RunFolder, val: Dataset | FreshScenes, target: Target) -> None:
        self._folder = folder
        self._val = val
        self._target = target

    @property
    def decides(self) -> bool:
        """Whether it is known which pixels of val are ambiguous: of visible rectangles, by the rule of their scenes."""
        return self._target == "visible" and self._val.rule is not None

    @cached_property
    def ceiling(self) -> float | None:
        """The IoU that no guess can expect to pass on a large set of such images as those of val; None where unknown."""
        if not self.decides:
            return None
        found = Ceiling()
        for example in examples(self._val):
            if example.truth is not None:
                found.add(example.truth)
        return found.iou()

    def draw_curves(self) -> None:
        """Draws ``curves.png`` of the epochs that ``history.csv`` holds."""
        save_figure(curves_figure(read_history(self._folder.history), ceiling=self.ceiling), self._folder.curves)

    def draw_samples(self, model: OpenedModel, wrong: list[Wrong] | None = None) -> None:
        """Draws ``samples.png``: the worst images of val; those are predicted again, so that none need be kept.

        Args:
            model: As it is now.
            wrong: Wrong pixels of each image; None predicts them all to find out.
        """
        source, target = self._val, model.target
        if wrong is None:
            wrong = [wrong_pixels(each, model.threshold) for each in predict(model, examples(source, target))]
        places = sorted(range(len(wrong)), key=lambda place: wrong[place], reverse=True)[:_PICTURED]
        pictured = [
            self._picture(predicted, model)
            for predicted in predict(model, (example_at(source, place, target) for place in places))
        ]
        most = "most wrong pixels that can be known" if self.decides else "most wrong pixels"
        heading = f"{len(pictured)} of {len(source)} val images: {most}"
        save_figure(prediction_figure(pictured, heading, source.target_name), self._folder.samples)

    def _picture(self, predicted: Predicted, model: OpenedModel) -> Prediction:
        example = predicted.example
        return Prediction(
            self._name(example.place),
            example.image,
            example.target,
            predicted.masks(model.threshold)["plain"],
            exact_probability(example.truth, model.target),
            predicted.plain,
        ).small()

    def _name(self, place: int) -> str:
        if isinstance(self._val, Dataset):
            return self._val.rows[place]["image_id"]
        return f"{self._val.index_of(place, 0):06d}"


def wrong_pixels(predicted: Predicted, threshold: float) -> Wrong:
    """Counts the wrong pixels of a prediction: those that can be known, and all."""
    wrong: NDArray[np.bool_] = predicted.masks(threshold)["plain"] != predicted.example.target
    return int(np.count_nonzero(wrong & ~predicted.example.ambiguous)), int(np.count_nonzero(wrong))
