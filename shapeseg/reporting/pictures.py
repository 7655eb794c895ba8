"""Pictures: tiles of a dataset, and predictions beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.errors import UsageError
from shapeseg.folders import make_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from shapeseg.scenes import Truth

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Right, missed and invented rectangle pixels: told apart by lightness too, for readers who do not see colours.
RIGHT, MISSED, INVENTED = (176, 190, 197), (213, 94, 0), (86, 20, 140)
_TILE = 2.1  # inches
_DPI = 130
_METADATA = {"Software": "shapeseg"}  # by which an earlier picture is known and may be replaced


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


class Note(NamedTuple):
    """What to draw over a tile.

    Attributes:
        outlines: Silhouettes to outline, bool (H, W).
        labels: Texts and where their centres go: ``(x, y, text)``, in pixels of the tile.
    """

    outlines: Sequence[Mask] = ()
    labels: Sequence[tuple[float, float, str]] = ()


def error_map(truth: Mask, predicted: Mask) -> Pixels:
    """Returns uint8 (H, W, 3): right pixels grey, missed orange, invented violet, on white."""
    picture = np.full((*truth.shape, 3), 255, np.uint8)
    for mask, color in ((truth & predicted, RIGHT), (truth & ~predicted, MISSED), (predicted & ~truth, INVENTED)):
        picture[mask] = color
    return picture


def prediction_figure(predictions: Sequence[Prediction], heading: str = "") -> Figure:
    """Draws a column an image: image, truth, prediction, error."""
    figure, rows = grid(4, len(predictions), height=_tallest(each.image for each in predictions) - 0.02, top=0.75)
    for column, (title, image, truth, predicted) in enumerate(predictions):
        tiles = (image, _black_and_white(truth), _black_and_white(predicted), error_map(truth, predicted))
        for axes, tile in zip(rows, tiles, strict=True):
            show(axes[column], tile)
        rows[0][column].set_title(title, fontsize=9, parse_math=False)  # a name may hold a $
    for axes, name in zip(rows, ("image", "truth", "prediction", "error"), strict=True):
        axes[0].set_ylabel(name, fontsize=10)
    if heading:
        figure.suptitle(heading, fontsize=12)
    add_legend(figure, {"truth, prediction: rectangle": (0, 0, 0)})
    return figure


def scene_figure(truth: Truth) -> Figure:
    """Draws one scene: image, instances numbered from back to front, visible and whole rectangles, ambiguous pixels."""
    from matplotlib.patheffects import withStroke

    visible, whole = truth.target("visible"), truth.target("amodal")
    tiles = {
        "image": truth.image,
        "instances, 1 is at the back": _depth_map(truth),
        "visible rectangles": error_map(visible, visible),
        "amodal: hidden parts in orange": error_map(whole, visible),
        "ambiguous pixels": _black_and_white(truth.ambiguous),
    }
    figure, (axes,) = grid(1, len(tiles), height=1.14)
    for ax, (name, tile) in zip(axes, tiles.items(), strict=True):
        show(ax, tile)
        ax.set_title(name, fontsize=9)
    for number, mask in enumerate(truth.visible_masks, start=1):
        if mask.any():
            x, y = _deepest_pixel(mask)
            halo = [withStroke(linewidth=1.8, foreground="white")]
            axes[1].text(x, y, str(number), ha="center", va="center", fontsize=8, path_effects=halo)
    return figure


def gallery_figure(
    tiles: Sequence[Pixels], titles: Sequence[str], columns: int = 6, notes: Sequence[Note] | None = None
) -> Figure:
    """Draws images or masks as tiles, uint8 (H, W, 3) or (H, W), row by row, each with its note over it."""
    columns = max(1, min(columns, len(tiles)))
    figure, rows = grid(-(-len(tiles) // columns), columns, height=_tallest(tiles) + 0.08)
    axes = [ax for row in rows for ax in row]
    for ax, tile, title, note in zip(axes, tiles, titles, notes or [Note()] * len(tiles), strict=False):
        show(ax, tile)
        ax.set_title(title, fontsize=8, parse_math=False)
        _write(ax, note)
    for ax in axes[len(tiles) :]:
        ax.set_axis_off()
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG that names shapeseg, whole or not at all; its folder is made if need be.

    Raises:
        UsageError: If the name is not of a PNG file.
        StorageError: If its folder cannot be made.
    """
    if path.suffix.lower() != ".png":
        raise UsageError("a picture is a .png file", received=path, fix=f"Name it {path.name}.png")
    make_folder(path.parent)
    _make_drawable(figure)
    files.replace_with(path, lambda temporary: figure.savefig(temporary, format="png", metadata=_METADATA))


def _make_drawable(figure: Figure) -> None:
    """Shows halves of characters, which no font has, as their numbers: a name that is no UTF-8 has them."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(text.get_text().encode(errors="backslashreplace").decode())


def grid(rows: int, columns: int, height: float = 1.08, top: float = 0.0) -> tuple[Figure, list[list[Axes]]]:
    """Returns a figure of so many rows and columns of tiles, and its axes, row by row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_TILE * columns, _TILE * height * rows + top), dpi=_DPI, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def _tallest(tiles: Iterable[Pixels]) -> float:
    """Returns the height of the tallest tile over its width, within what a picture is still good to look at with."""
    return min(max(0.3, *(tile.shape[0] / tile.shape[1] for tile in tiles)), 2.0)


def show(ax: Axes, tile: Any) -> None:
    """Draws one tile, uint8 (H, W, 3) or (H, W), pixel by pixel."""
    ax.imshow(tile, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color="#b0bec5", linewidth=0.6)


def _write(ax: Axes, note: Note) -> None:
    from matplotlib.patheffects import withStroke

    for outline in note.outlines:
        border = np.pad(outline, 1)  # so that an outline at the image's edge closes
        across, down = np.arange(-1, outline.shape[1] + 1), np.arange(-1, outline.shape[0] + 1)
        for width, color in ((1.8, "white"), (0.8, "black")):
            ax.contour(across, down, border, levels=[0.5], colors=color, linewidths=width)
    halo = [withStroke(linewidth=1.6, foreground="black")]
    for x, y, text in note.labels:
        ax.text(x, y, text, ha="center", va="center", fontsize=7, color="white", path_effects=halo)


def _depth_map(truth: Truth) -> Pixels:
    """Returns uint8 (H, W, 3): each visible part in its own shade, darker is nearer, on white."""
    from matplotlib import colormaps

    shades = colormaps["cividis_r"](np.linspace(0, 1, len(truth.scene.instances)), bytes=True)[:, :3]
    return np.concatenate([np.full((1, 3), 255, np.uint8), shades])[truth.instance_map]


def _deepest_pixel(mask: Mask) -> tuple[int, int]:
    """Returns column and row of the pixel that is farthest from the edge of ``mask``."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    return int(column), int(row)


def _black_and_white(mask: Mask) -> Pixels:
    return np.where(mask, np.uint8(0), np.uint8(255))


def add_legend(figure: Figure, more: Mapping[str, tuple[int, int, int]] | None = None) -> None:
    """Tells below a figure what the colours of an error map mean, and more colours, RGB."""
    from matplotlib.patches import Patch

    colors = {**(more or {}), "rectangle, found": RIGHT, "rectangle, missed": MISSED, "no rectangle, invented": INVENTED}
    handles = [Patch(color=f"#{r:02x}{g:02x}{b:02x}", label=name) for name, (r, g, b) in colors.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=9, frameon=False)
