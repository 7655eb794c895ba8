"""The picture of a model's errors: where wrong pixels lie, and which images are hard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shapeseg.reporting.style import COLORS, GREY, chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def errors_figure(wrong_pixels: Mapping[str, int | None], images: Sequence[Mapping[str, Any]]) -> Figure:
    """Draws how many wrong pixels lie where, and the IoU of each image against its most hidden rectangle.

    Args:
        wrong_pixels: As of ``metrics.json``.
        images: Rows of ``per_image.csv``; those whose IoU is undefined are left out.
    """
    figure, (places, dots) = chart(2)
    known = {name: pixels for name, pixels in wrong_pixels.items() if pixels is not None}
    bars = places.barh(list(known), list(known.values()), color=GREY)
    total = max(sum(known.values()), 1)
    places.bar_label(bars, [f"{pixels} ({pixels / total:.0%})" for pixels in known.values()], padding=3, fontsize=9)
    places.invert_yaxis()
    places.margins(x=0.3)
    places.grid(visible=False)
    places.set(xlabel="wrong pixels")
    shown = [row for row in images if row["iou"] is not None and row["max_occlusion"] is not None]
    dots.scatter([row["max_occlusion"] for row in shown], [row["iou"] for row in shown], s=16, color=COLORS[0], alpha=0.5)
    dots.set(xlabel="highest occlusion rate of a rectangle in the image", ylabel="IoU of the image")
    return figure
