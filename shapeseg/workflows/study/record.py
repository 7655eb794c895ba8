"""The content of ``study.json``, written and read through these types."""

from __future__ import annotations

from typing import Literal, TypedDict

from shapeseg.evaluation.intervals import Interval
from shapeseg.workflows.study.origin import Origin


class Mean(TypedDict):
    """A mean over seeds, its interval, and the value of each seed; None is undefined."""

    value: float | None
    interval: Interval
    seeds: list[float | None]


class Difference(Mean):
    """A mean of differences within each seed, and whether it stands; None where that is unknown, with one seed."""

    stands: bool | None


class Compared(Mean):
    """A mean, and its difference to the arm that the others are compared with."""

    difference: Difference


MatrixScore = Literal["iou", "precision", "recall", "iou_decidable"]
MatrixDifference = Literal["difference", "difference_decidable"]
ResponseScore = Literal["recall", "invented"]


class MatrixCell(TypedDict):
    """One arm on one test set."""

    iou: Mean
    precision: Mean
    recall: Mean
    iou_decidable: Mean
    difference: Difference
    difference_decidable: Difference


class ResponseCurve(TypedDict):
    """What occlusion does: rectangles and their mean rate by bin; by arm and bin, their recall and the pixels invented."""

    n: dict[str, int]
    rate: dict[str, float | None]
    recall: dict[str, dict[str, Compared]]
    invented: dict[str, dict[str, Compared]]


class Change(TypedDict):
    """Recall before and after what hides a rectangle is taken away."""

    before: Mean
    after: Mean
    change: Difference
    difference: Difference


class Counterfactual(TypedDict):
    """Pairs by bin of the occlusion before, and what changed, by arm and bin."""

    n: dict[str, int]
    arms: dict[str, dict[str, Change]]


class OrderTest(TypedDict):
    """Share of contested pixels that is called rectangle: by colours, then by place of the rectangle, then by arm."""

    scenes: dict[str, int]
    pixels: dict[str, int]
    called: dict[str, dict[str, dict[str, Compared]]]


class Loss(TypedDict):
    """An image on which an arm has more wrong pixels than the one that it is compared with."""

    index: int
    place: int
    extra_wrong_pixels: float


class Composition(TypedDict):
    """What an image of training sets holds in the mean, and shares: of its rectangles, and of its contested pixels.

    Ambiguous pixels are those that the loss may leave out: none where the rule of the scenes is unknown.
    """

    images: float
    shapes_per_image: float
    rectangles_per_image: float
    hidden_at_all: float
    hidden_by_more_than_a_quarter: float
    rectangle_pixels_per_image: float
    hidden_pixels_per_image: float
    contested_pixels_per_image: float
    rectangle_in_front: float | None
    ambiguous_pixels_per_image: float


class Model(TypedDict):
    """Where the model of one seed is, and what was chosen and reached on val."""

    run: str
    threshold: float | None
    val_iou: float | None


class TestSet(TypedDict):
    """How large a test set is, and which."""

    images: int
    sha256: str


class StudyResults(Origin):
    """Everything that a study found."""

    intervals: str
    training_sets: dict[str, Composition]
    test_sets: dict[str, TestSet]
    matrix: dict[str, dict[str, MatrixCell]]
    response: dict[str, ResponseCurve]
    counterfactual: Counterfactual
    order: OrderTest
    worst: dict[str, dict[str, list[Loss]]]
    models: dict[str, list[Model]]
