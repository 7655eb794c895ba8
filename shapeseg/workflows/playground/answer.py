"""The answer to a scene: what is true of it, what no one can know, what the model believes, and the scores of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Example, labels_of
from shapeseg.evaluation.ambiguous_pixels import AmbiguousPixels
from shapeseg.evaluation.ceiling import Ceiling
from shapeseg.evaluation.counts import count
from shapeseg.evaluation.prediction import Predicted
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.scenes import Scene, Truth
from shapeseg.scenes.instance import Box

BITS = {"visible": 1, "whole": 2, "ambiguous": 4, "unknown": 8, "predicted": 16, "ignored": 32}
"""Of a label byte: visible rectangle, whole rectangle, ambiguous with a known and with an unknown probability, and so on."""

_MOST_PIECES, _LEAST_PIECE = 6, 24  # pieces of ambiguous pixels that are named, and pixels that one of them has


class Piece(NamedTuple):
    """Connected ambiguous pixels of known probability.

    Attributes:
        box: ``(x, y, w, h)``, the smallest that holds them.
        pixels: How many there are.
        exact: Least and largest exact probability.
        belief: Least and largest probability of the model's.
    """

    box: Box
    pixels: int
    exact: tuple[float, float]
    belief: tuple[float, float]


class Numbers(TypedDict):
    """Scores of one image, as ``metrics.json`` has them for many; None is undefined, or unknown."""

    iou: float | None
    iou_decidable: float | None
    iou_ceiling: float | None
    log_loss: float | None
    log_loss_floor: float | None
    mean_absolute_difference: float | None
    ambiguous_pixels: int | None
    unknown_pixels: int | None
    found: int
    missed: int
    invented: int
    visible_pixels: int
    whole_pixels: int


@dataclass(frozen=True, eq=False)
class Answer:
    """Everything that is shown of a scene.

    Attributes:
        truth: The rendered scene.
        belief: float32 (H, W), what the model says, 0 to 1.
        labels: uint8 (H, W), of ``BITS``.
        exact: float64 (K,), the exact probability of rectangle at the K ambiguous pixels where it is known, row by row.
        numbers: Scores.
        pieces: The largest connected pieces of these pixels.
    """

    truth: Truth
    belief: NDArray[np.float32]
    labels: NDArray[np.uint8]
    exact: NDArray[np.float64]
    numbers: Numbers
    pieces: list[Piece]


def answer(
    scene: Scene,
    model: OpenedModel,
    *,
    give_up: Callable[[], bool] | None = None,
    belief: NDArray[np.float32] | None = None,
) -> Answer:
    """Answers a scene.

    Args:
        scene: What to look at.
        model: What is asked.
        give_up: Ends the search for ambiguity; see :meth:`Scene.render`.
        belief: What the model says, float32 (H, W), where it was asked before.
    """
    truth = scene.render(give_up)
    exact = truth.rectangle_probability  # first: whoever gives up counts from now
    if belief is None:
        belief = model.probabilities(truth.image[None])[0]
    example = Example(0, truth.image, labels_of(truth, model.target), truth)
    predicted = Predicted(example, belief, belief).masks(model.threshold)["plain"]
    known = example.ambiguous & ~np.isnan(exact)
    masks = {
        "visible": truth.target(),
        "whole": truth.target("amodal"),
        "ambiguous": known,
        "unknown": example.ambiguous & ~known,
        "predicted": predicted,
        "ignored": truth.ignored,
    }
    labels = np.zeros(known.shape, np.uint8)
    for name, mask in masks.items():
        labels |= np.where(mask, np.uint8(BITS[name]), np.uint8(0))
    numbers = _numbers(example, belief, predicted, masks, decides=model.target == "visible" and scene.has_known_probabilities)
    return Answer(truth, belief, labels, exact[known], numbers, _pieces(known, exact, belief))


def _numbers(
    example: Example,
    belief: NDArray[np.float32],
    predicted: NDArray[np.bool_],
    masks: dict[str, NDArray[np.bool_]],
    *,
    decides: bool,
) -> Numbers:
    """Returns the scores; ``decides`` says whether pixels are decidable or ambiguous here at all."""
    counts, sure = count(example.target, predicted), ~example.ambiguous
    pixels = {name: int(np.count_nonzero(mask)) for name, mask in masks.items()}
    ambiguous, ceiling = AmbiguousPixels(), Ceiling()
    if decides and example.truth is not None:
        ambiguous.add(example, belief)
        ceiling.add(example.truth)
    scores = ambiguous.scores()
    return {
        "iou": counts.iou,
        "iou_decidable": count(example.target & sure, predicted & sure).iou if decides else None,
        "iou_ceiling": ceiling.iou(),
        "log_loss": scores["log_loss"],
        "log_loss_floor": scores["log_loss_floor"],
        "mean_absolute_difference": scores["mean_absolute_difference"],
        "ambiguous_pixels": pixels["ambiguous"] if decides else None,
        "unknown_pixels": pixels["unknown"] if decides else None,
        "found": counts.both,
        "missed": counts.missed,
        "invented": counts.invented,
        "visible_pixels": pixels["visible"],
        "whole_pixels": pixels["whole"],
    }


def _pieces(known: NDArray[np.bool_], exact: NDArray[np.float64], belief: NDArray[np.float32]) -> list[Piece]:
    """Finds connected pieces, largest first; pixels that touch by a corner belong together."""
    if not known.any():
        return []
    _, places, boxes, _ = cv2.connectedComponentsWithStats(known.view(np.uint8), connectivity=8)
    found = []
    for place, (x, y, w, h, pixels) in enumerate(boxes.tolist()):
        if place and pixels >= _LEAST_PIECE:  # 0 is all the rest
            here = places == place
            found.append(Piece((x, y, w, h), pixels, _range(exact[here]), _range(belief[here])))
    return sorted(found, key=lambda piece: -piece.pixels)[:_MOST_PIECES]


def _range(values: NDArray[np.floating]) -> tuple[float, float]:
    return float(values.min()), float(values.max())
