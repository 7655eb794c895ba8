"""Pictures of tiles: a dataset, one scene, and what every picture is saved by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.errors import UsageError
from shapeseg.folders import make_folder
from shapeseg.reporting.pixels import error_map, unknowable_map
from shapeseg.reporting.style import MISSED, PALE, css, shade
from shapeseg.reporting.texts import Label, apart, cut, drawable, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from shapeseg.scenes import Truth

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

TILE = 1.6
"""Width of a tile, in inches: 448 pixels, so that each pixel of a usual image is a square of four."""
_DPI = 280
_METADATA = {"Software": "shapeseg"}  # by which an earlier picture is known and may be replaced
_QUICK = "a quick run: these numbers mean little"


class Note(NamedTuple):
    """What to draw over a tile.

    Attributes:
        outlines: Silhouettes to outline, bool (H, W).
        labels: Texts and where their centres are wished to be, in pixels of the tile.
    """

    outlines: Sequence[Mask] = ()
    labels: Sequence[Label] = ()


def scene_figure(truth: Truth) -> Figure:
    """Draws one scene: image, instances numbered from back to front, visible and whole rectangles, what no image decides."""
    visible, whole = truth.target("visible"), truth.target("amodal")
    tiles = {
        "image": truth.image,
        "instances, 1 is at the back": _depth_map(truth),
        "visible rectangles": shade(visible),
        "hidden parts in orange": error_map(whole, visible),
        "cannot be known": unknowable_map(truth.image, truth.rectangle_probability),
    }
    figure, (axes,) = grid(1, len(tiles), aspect=aspect_of(tiles.values()), top=0.25)
    for ax, (name, tile) in zip(axes, tiles.items(), strict=True):
        show(ax, tile)
        ax.set_title(name, fontsize=8)
    parts = [(number, mask) for number, mask in enumerate(truth.visible_masks, start=1) if mask.any()]
    _write(axes[1], [Label(*_deepest_pixel(mask), str(number)) for number, mask in parts], truth.image.shape)
    return figure


def gallery_figure(
    tiles: Sequence[Pixels], titles: Sequence[str], columns: int = 6, notes: Sequence[Note] | None = None
) -> Figure:
    """Draws images or masks as tiles, uint8 (H, W, 3) or (H, W), row by row, each with its note over it.

    Of a mask, what is not 0 is dark.
    """
    columns = max(1, min(columns, len(tiles)))
    figure, rows = grid(-(-len(tiles) // columns), columns, aspect=aspect_of(tiles), top=0.25, gap=0.25)
    axes = [ax for row in rows for ax in row]
    for ax, tile, title, note in zip(axes, tiles, titles, notes or [Note()] * len(tiles), strict=False):
        show(ax, tile)
        ax.set_title(cut(title, TILE, 8), fontsize=8, parse_math=False)
        _outline(ax, note.outlines)
        _write(ax, note.labels, tile.shape)
    for ax in axes[len(tiles) :]:
        ax.set_axis_off()
    return figure


def save_figure(figure: Figure, path: Path, *, quick: bool = False) -> None:
    """Writes a figure as PNG that names shapeseg, whole or not at all; its folder is made if need be.

    Args:
        figure: What to write.
        path: A PNG file.
        quick: Say in the picture that it is of a quick run.

    Raises:
        UsageError: If the name is not of a PNG file.
        StorageError: If its folder cannot be made.
    """
    if path.suffix.lower() != ".png":
        raise UsageError("a picture must be a .png file", received=path, fix=f"Name it {path.name}.png")
    make_folder(path.parent)
    _make_drawable(figure)
    if quick:
        _stamp(figure)
    files.replace_with(path, lambda temporary: figure.savefig(temporary, format="png", metadata=_METADATA, facecolor="white"))


def _make_drawable(figure: Figure) -> None:
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(drawable(text.get_text()))


def _stamp(figure: Figure) -> None:
    """Says across a figure, faintly, that it is of a quick run."""
    size = min(34.0, 0.8 * 34 * figure.get_figwidth() / width_of(_QUICK, 34))
    figure.text(0.5, 0.5, _QUICK, size=size, color=css(MISSED), alpha=0.25, ha="center", va="center", rotation=12, zorder=99)


def aspect_of(tiles: Any) -> float:
    """Returns the height of the tallest tile, in its width."""
    return max((tile.shape[0] / tile.shape[1] for tile in tiles), default=1.0)


def grid(
    rows: int,
    columns: int,
    *,
    aspect: float = 1.0,
    left: float = 0.05,
    top: float = 0.05,
    gap: float = 0.07,
    bottom: float = 0.05,
    tile: float = TILE,
) -> tuple[Figure, list[list[Axes]]]:
    """Returns a figure of tiles and its axes, row by row; on whole pixels, so that none is wider than another.

    Args:
        rows: Rows of tiles.
        columns: Columns of tiles.
        aspect: Height of a tile, in its width.
        left: Room next to the tiles, in inches, as all that follow.
        top: Room above them.
        gap: Room between two rows; between columns it is narrow.
        bottom: Room below them.
        tile: Width of one.
    """
    from matplotlib.figure import Figure

    wide, narrow, start, under = (round(length * _DPI) for length in (tile, 0.07, left, bottom))
    tall, between = max(round(wide * aspect), 1), round(gap * _DPI)
    width = start + columns * (wide + narrow)
    height = round(top * _DPI) + rows * tall + (rows - 1) * between + under
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    axes = [
        [
            figure.add_axes(
                (
                    (start + column * (wide + narrow)) / width,
                    (under + (rows - 1 - row) * (tall + between)) / height,
                    wide / width,
                    tall / height,
                )
            )
            for column in range(columns)
        ]
        for row in range(rows)
    ]
    return figure, axes


def show(ax: Axes, tile: Any) -> None:
    """Draws one tile, uint8: an image (H, W, 3), or a mask (H, W), dark where it is not 0.

    It is drawn pixel by pixel, unless it is large.
    """
    if tile.ndim == 2:
        tile = shade(tile != 0)
    large = max(tile.shape) > TILE * _DPI
    ax.imshow(tile, interpolation="antialiased" if large else "nearest")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color=PALE, linewidth=0.6)


def _outline(ax: Axes, outlines: Sequence[Mask]) -> None:
    for outline in outlines:
        border = np.pad(outline, 1)  # so that an outline at the image's edge closes
        across, down = np.arange(-1, outline.shape[1] + 1), np.arange(-1, outline.shape[0] + 1)
        for width, color in ((1.4, "white"), (0.6, "black")):
            ax.contour(across, down, border, levels=[0.5], colors=color, linewidths=width)


def _write(ax: Axes, labels: Sequence[Label], shape: Sequence[int], size: float = 5.5) -> None:
    """Writes labels where none covers another, with a line from each that had to move to where it belongs."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=1.4, foreground="black")]
    point = shape[1] / (72 * TILE)
    for wished, label in zip(labels, apart(labels, shape[1], shape[0], point, size), strict=True):
        if label is None:
            continue
        if abs(label.x - wished.x) + abs(label.y - wished.y) > size * point:
            ax.plot([wished.x, label.x], [wished.y, label.y], color="white", linewidth=0.6, path_effects=halo)
        ax.text(
            label.x,
            label.y,
            label.text,
            ha="center",
            va="center",
            fontsize=size,
            color="white",
            path_effects=halo,
            linespacing=1.0,
        )


def _depth_map(truth: Truth) -> Pixels:
    """Returns uint8 (H, W, 3): each visible part in its own shade, darker is nearer, on white."""
    shades = shade(np.linspace(0.25, 0.85, len(truth.scene.instances)))
    return np.concatenate([np.full((1, 3), 255, np.uint8), shades])[truth.instance_map]


def _deepest_pixel(mask: Mask) -> tuple[int, int]:
    """Returns column and row of a pixel as far from the edge of ``mask`` as any, but for a little: the most central one."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    deep = np.argwhere(depth >= 0.9 * depth.max())
    row, column = deep[np.square(deep - np.argwhere(mask).mean(axis=0)).sum(axis=1).argmin()]
    return int(column), int(row)
