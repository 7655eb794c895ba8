"""Pictures: tiles of a dataset, predictions beside the truth, the curves of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shapeseg import files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Right, missed and invented rectangle pixels: told apart by lightness too, for readers who do not see colours.
RIGHT, MISSED, INVENTED = (176, 190, 197), (213, 94, 0), (86, 20, 140)
_TILE = 2.1  # inches
_DPI = 130


class Prediction(NamedTuple):
    """One image with what was predicted for it.

    Attributes:
        title: What to write above it.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        truth: bool (H, W).
        predicted: bool (H, W).
    """

    title: str
    image: Pixels
    truth: Mask
    predicted: Mask


def error_map(truth: Mask, predicted: Mask) -> Pixels:
    """Returns uint8 (H, W, 3): right pixels grey, missed orange, invented violet, on white."""
    picture = np.full((*truth.shape, 3), 255, np.uint8)
    for mask, color in ((truth & predicted, RIGHT), (truth & ~predicted, MISSED), (predicted & ~truth, INVENTED)):
        picture[mask] = color
    return picture


def prediction_figure(predictions: Sequence[Prediction], heading: str = "") -> Figure:
    """Draws a row an image: image, truth, prediction, error."""
    figure, rows = _grid(len(predictions), 4, height=0.98, top=0.75)
    for axes, (title, image, truth, predicted) in zip(rows, predictions, strict=True):
        tiles = (image, _black_and_white(truth), _black_and_white(predicted), error_map(truth, predicted))
        for ax, tile in zip(axes, tiles, strict=True):
            _show(ax, tile)
        axes[0].set_ylabel(title, fontsize=9)
    for ax, name in zip(rows[0], ("image", "truth", "prediction", "error"), strict=True):
        ax.set_title(name, fontsize=10)
    if heading:
        figure.suptitle(heading, fontsize=12)
    _legend(figure)
    return figure


def gallery_figure(tiles: Sequence[Pixels], titles: Sequence[str], columns: int = 6) -> Figure:
    """Draws images or masks as tiles, uint8 (H, W, 3) or (H, W), row by row."""
    columns = max(1, min(columns, len(tiles)))
    figure, rows = _grid(-(-len(tiles) // columns), columns)
    axes = [ax for row in rows for ax in row]
    for ax, tile, title in zip(axes, tiles, titles, strict=False):
        _show(ax, tile)
        ax.set_title(title, fontsize=8)
    for ax in axes[len(tiles) :]:
        ax.set_axis_off()
    return figure


def curves_figure(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draws loss and IoU, on training and val data, against the epoch."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9, 3.4), dpi=_DPI, layout="constrained")
    for ax, name, label in zip(figure.subplots(1, 2), ("loss", "iou"), ("loss", "rectangle IoU"), strict=True):
        epochs = range(1, len(history[name]) + 1)
        ax.plot(epochs, history[name], "o-", color="#607d8b", markersize=4, label="train (augmented)")
        ax.plot(epochs, history[f"val_{name}"], "s-", color="#d55e00", markersize=4, label="val")
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG, whole or not at all."""
    files.replace_with(path, lambda temporary: figure.savefig(temporary))


def _grid(rows: int, columns: int, height: float = 1.08, top: float = 0.0) -> tuple[Figure, list[list[Axes]]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_TILE * columns, _TILE * height * rows + top), dpi=_DPI, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def _show(ax: Axes, tile: Any) -> None:
    ax.imshow(tile, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color="#b0bec5", linewidth=0.6)


def _black_and_white(mask: Mask) -> Pixels:
    return np.where(mask, np.uint8(0), np.uint8(255))


def _legend(figure: Figure) -> None:
    from matplotlib.patches import Patch

    names = ("rectangle, found", "rectangle, missed", "no rectangle, invented")
    handles = [
        Patch(color="#%02x%02x%02x" % color, label=name) for color, name in zip((RIGHT, MISSED, INVENTED), names, strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
