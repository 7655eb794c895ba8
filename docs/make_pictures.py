"""Draws the README's picture, docs/predictions.png, and the pictures in the folder of the reference model.

python docs/make_pictures.py     # or: make pictures

The latter only where the dataset is that it learned from; README says how that is drawn.

The README's picture holds two test images of the default dataset, which is drawn where it is not there, each cut to a square
around what it shows: the one with the most pixels that no image tells, and the one with the most mistakes.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import exact_probability, examples
from shapeseg.description import Description
from shapeseg.environment import prepare_keras
from shapeseg.evaluation.prediction import predict
from shapeseg.inference.opened_model import OpenedModel, open_model
from shapeseg.reporting.pictures import save_figure
from shapeseg.reporting.prediction_pictures import Prediction, idea_figure
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.measured_data import open_measured
from shapeseg.workflows.train_pictures import TrainPictures

ROOT = Path(__file__).resolve().parents[1]
RUN = Path("saved_models/reference")
PICTURE = Path("docs/predictions.png")
SIDE = 104  # pixels of the square: three shapes or so


def chosen(model: OpenedModel, data: Dataset) -> list[Prediction]:
    """Returns the two images that the README shows."""
    found = [
        Prediction(
            "",
            each.example.image,
            each.example.target,
            each.masks(model.threshold)["plain"],
            exact_probability(each.example.truth),
            each.plain,
        )
        for each in predict(model, examples(data))
    ]
    unknowable = max(found, key=lambda each: np.count_nonzero(each.ambiguous))
    mistaken = max(found, key=lambda each: np.count_nonzero(mistakes(each)))
    return [
        around(unknowable, unknowable.ambiguous)._replace(name="most\nunknowable"),
        around(mistaken, mistakes(mistaken))._replace(name="most\nmistakes"),
    ]


def mistakes(prediction: Prediction) -> np.ndarray:
    """Returns where a prediction is wrong and need not be, bool (H, W)."""
    return (prediction.predicted != prediction.truth) & ~prediction.ambiguous


def around(prediction: Prediction, mask: np.ndarray) -> Prediction:
    """Returns the square of a prediction that holds most of a mask; of equals, the one in whose middle that lies."""
    sums = np.pad(mask.astype(int), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    inside = sums[SIDE:, SIDE:] - sums[:-SIDE, SIDE:] - sums[SIDE:, :-SIDE] + sums[:-SIDE, :-SIDE]
    best = np.argwhere(inside == inside.max())
    top, left = best[np.square(best - best.mean(axis=0)).sum(axis=1).argmin()]
    return prediction.cropped(int(top), int(left), SIDE)


def main() -> None:
    """Draws all."""
    os.chdir(ROOT)
    prepare_keras()
    model = open_model(RUN)
    data = open_measured(model, None, Description())
    save_figure(idea_figure(chosen(model, data.split("test"))), PICTURE)
    own = Path(model.card.trained_on.folder)
    if own.exists():
        pictures = TrainPictures(RunFolder(RUN), Dataset(own).split("val"), model.target)
        pictures.draw_curves()
        pictures.draw_samples(model)


if __name__ == "__main__":
    main()
