"""Predictions next to the truth: what the model saw, what was drawn, what cannot be known, what it believes, where it errs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.sizes import at_most
from shapeseg.evaluation.counts import count
from shapeseg.reporting.legends import error_legend
from shapeseg.reporting.pictures import TILE, aspect_of, grid, show
from shapeseg.reporting.pixels import ambiguous_pixels, error_map, unknowable_map
from shapeseg.reporting.style import SLATE, shade
from shapeseg.reporting.texts import LINE, cut, width_of, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_SIDE = 640  # pixels of an image, more than a picture shows
_TITLE, _HEADING = 8.0, 11.0  # points
_STAGES = {
    "image": "all that\nthe model sees",
    "truth": "where rectangles\nwere drawn",
    "what cannot be known": "exact probability; the rest,\npale, can be known",
    "belief": "probability that\nthe model gives",
    "prediction": "what the model\ntakes for rectangle",
    "error": "mistakes are solid, what\ncannot be known is hatched",
}


class Prediction(NamedTuple):
    """One image with what was predicted for it.

    Attributes:
        name: What to call it.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        truth: bool (H, W).
        predicted: bool (H, W).
        exact: float64 (H, W), as ``Truth.rectangle_probability``; None where it is unknown which pixels can be known.
        belief: float (H, W), the model's probability of rectangle, 0 to 1; None where only ``predicted`` is known.
        said: How good it is, in lines; None counts the pixels.
    """

    name: str
    image: Pixels
    truth: Mask
    predicted: Mask
    exact: NDArray[np.float64] | None = None
    belief: NDArray[np.floating] | None = None
    said: str | None = None

    @property
    def ambiguous(self) -> Mask | None:
        """bool (H, W): where the image does not determine the label; None where that is unknown."""
        return None if self.exact is None else ambiguous_pixels(self.exact)

    @property
    def score(self) -> str:
        """The IoU and the wrong pixels, in lines."""
        iou = count(self.truth, self.predicted).iou
        return self.said or f"IoU {'undefined' if iou is None else f'{iou:.3f}'}\n{self.errors()}"

    def small(self) -> Prediction:
        """Returns the same no larger than a picture shows it, of a photograph, with the score of all of its pixels."""
        if max(self.truth.shape) <= _SIDE:
            return self
        exact, belief = (None if each is None else at_most(_SIDE, each) for each in (self.exact, self.belief))
        image, truth, predicted = (at_most(_SIDE, each) for each in (self.image, self.truth, self.predicted))
        return Prediction(self.name, image, truth, predicted, exact, belief, said=self.score)

    def cropped(self, top: int, left: int, side: int) -> Prediction:
        """Returns the same of a square part of the image."""
        part = (slice(top, top + side), slice(left, left + side))
        arrays = (None if each is None else each[part] for each in self[1:6])
        return Prediction(self.name, *arrays)  # type: ignore[arg-type]  # None stays None, arrays arrays

    def errors(self) -> str:
        """Returns how many pixels are wrong and, where that is known, how many of them no image decides, in lines."""
        wrong = self.truth != self.predicted
        text = f"{np.count_nonzero(wrong):,} wrong".replace(",", "\u202f")
        if self.ambiguous is None:
            return f"{text} pixels" if np.count_nonzero(wrong) != 1 else f"{text} pixel"
        if not wrong.any():
            return text
        unknowable = f"{np.count_nonzero(wrong & self.ambiguous):,}".replace(",", "\u202f")
        return f"{text},\n{unknowable} of them unknowable"


def prediction_figure(predictions: Sequence[Prediction], heading: str = "", target: str = "rectangle") -> Figure:
    """Draws a column per image, with what is known of it: image, truth, what cannot be known, belief, error."""
    names = _stage_names(predictions)
    columns, title_height = len(predictions), 3 * LINE * _TITLE / 72 + 0.06
    left, width = 0.3, 0.3 + columns * (TILE + 0.07)
    title = wrapped(heading, width - left - 0.1, _HEADING)
    above = 0.03 + (title.count("\n") + 1) * LINE * _HEADING / 72 if heading else 0.03
    legend = error_legend(width, unknowable="what cannot be known" in names, target=target)
    figure, rows = grid(
        len(names),
        columns,
        aspect=aspect_of(each.image for each in predictions),
        left=left,
        top=title_height + above,
        bottom=legend.height,
    )
    for column, prediction in enumerate(predictions):
        tiles = _tiles(prediction)
        for axes, name in zip(rows, names, strict=True):
            _draw(axes[column], tiles.get(name))
        score = prediction.score
        name = cut(prediction.name, TILE - width_of(f"n  {score.splitlines()[0]}", _TITLE), _TITLE)
        rows[0][column].set_title(
            f"{name}  {score}",
            fontsize=_TITLE,
            loc="left",
            parse_math=False,  # a name may hold a $
            linespacing=LINE,
            pad=3,
        )
    for axes, name in zip(rows, names, strict=True):
        axes[0].set_ylabel(name.removeprefix("what "), fontsize=9, fontweight="bold", color=SLATE)
    if heading:
        place = (left / figure.get_figwidth(), 1 - 0.05 / figure.get_figheight())
        figure.text(*place, title, fontsize=_HEADING, va="top", linespacing=LINE, parse_math=False)
    legend.draw(figure)
    return figure


def idea_figure(predictions: Sequence[Prediction]) -> Figure:
    """Draws a row an image, from what the model sees to where it errs, each stage named and explained: the whole idea."""
    names = _stage_names(predictions)
    tile, left = 1.9, 1.05
    legend = error_legend(left + len(names) * tile, unknowable=True)
    figure, rows = grid(len(predictions), len(names), left=left, top=0.68, bottom=legend.height + 0.03, tile=tile)
    for ax, name in zip(rows[0], names, strict=True):
        ax.set_title(_STAGES[name], fontsize=8.5, color=SLATE, linespacing=1.15, pad=4)
        ax.annotate(
            name,
            (0.5, 1),
            xycoords="axes fraction",
            xytext=(0, 31),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=11,
            fontweight="bold",
        )
    for axes, prediction in zip(rows, predictions, strict=True):
        tiles = _tiles(prediction)
        for ax, name in zip(axes, names, strict=True):
            _draw(ax, tiles.get(name))
        said = prediction.errors().replace("of them ", "of them\n")
        axes[0].annotate(
            f"{prediction.name}\n\n{said}" if prediction.name else said,
            (0, 0.5),
            xycoords="axes fraction",
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9,
            linespacing=1.3,
            parse_math=False,
        )
    legend.draw(figure)
    return figure


def _stage_names(predictions: Sequence[Prediction]) -> list[str]:
    known = {name for prediction in predictions for name in _tiles(prediction)}
    return [name for name in _STAGES if name in known]


def _draw(ax: Axes, tile: Pixels | None) -> None:
    if tile is None:
        ax.text(0.5, 0.5, "unknown", transform=ax.transAxes, ha="center", fontsize=9, color=SLATE)
        tile = np.full((1, 1, 3), 255, np.uint8)
    show(ax, tile)


def _tiles(prediction: Prediction) -> dict[str, Pixels]:
    tiles = {"image": prediction.image, "truth": shade(prediction.truth)}
    if prediction.exact is not None:
        tiles["what cannot be known"] = unknowable_map(prediction.image, prediction.exact)
    if prediction.belief is not None:
        tiles["belief"] = shade(prediction.belief)
    else:
        tiles["prediction"] = shade(prediction.predicted)
    return tiles | {"error": error_map(prediction.truth, prediction.predicted, prediction.ambiguous)}
