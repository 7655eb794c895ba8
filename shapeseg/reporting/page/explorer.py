"""The failure explorer: tiles as PNG, two bytes a pixel of what is known of them, and the choices that fit the images."""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.png import encode_png
from shapeseg.reporting.page.markup import Markup, element, join, json_script
from shapeseg.reporting.page.values import many
from shapeseg.reporting.pixels import FAINT, HATCHES, ambiguous_pixels
from shapeseg.reporting.style import INK, INVENTED, MISSED, PAPER, RIGHT, UNKNOWABLE, shade
from shapeseg.scenes.occlusion import BIN_NAMES

TRUTH, PREDICTED, AMBIGUOUS, BELIEF = 1, 2, 4, 8
"""Bits of a label byte; from :data:`BELIEF` on, the probability that the model gives, in steps."""
LEVELS = 31
"""Steps of a probability."""

_LAYERS = {
    "image": "image",
    "truth": "truth",
    "unknowable": "cannot be known",
    "belief": "belief",
    "prediction": "prediction",
    "error": "error",
}
_ORDERS = {
    "decidable": "wrong pixels that can be known",
    "wrong": "all wrong pixels",
    "iou": "lowest IoU",
    "index": "number",
}
_FILTERS = {"occlusion": "Occlusion", "occluder_kind": "Occluder", "occluder_color": "Its colour", "pieces": "Pieces"}
_INSTANCE = (
    "instance", "occlusion_rate", "occluder_kind", "occluder_color", "pieces", "visible_area", "found_pixels", "recall", "iou",
    "touching", "ignored", "occlusion",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ReportImage:
    """One image of the failure explorer.

    Attributes:
        index: Index of the sample.
        image_id: Its name.
        split: Its split.
        iou: IoU of the image; None when there is no rectangle pixel in truth or prediction.
        wrong_pixels: Missed and invented ones.
        wrong_decidable: Those of them that can be known; None when unknown.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        truth: bool (H, W), True on rectangle.
        predicted: bool (H, W).
        belief: float (H, W), the model's probability of rectangle, 0 to 1.
        exact: float64 (H, W), as ``Truth.rectangle_probability``; None when it is unknown which pixels can be known.
        instances: Its rows of ``per_instance.csv``.
        regenerate: The line that draws this image again.
    """

    index: int
    image_id: str
    split: str
    iou: float | None
    wrong_pixels: int
    wrong_decidable: int | None
    image: NDArray[np.uint8]
    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    belief: NDArray[np.floating]
    exact: NDArray[np.float64] | None
    instances: Sequence[Mapping[str, Any]]
    regenerate: str


def explorer_data(images: Sequence[ReportImage], measured: int, target: str = "rectangle") -> Markup:
    """Returns the script element that hands the images to ``explorer.js``.

    Args:
        images: What it shows.
        measured: How many images were measured.
        target: What people call the target.
    """
    colors = {"right": RIGHT, "missed": MISSED, "invented": INVENTED, "unknowable": UNKNOWABLE, "paper": PAPER, "ink": INK}
    content = {
        "colors": colors,
        "scale": shade(np.linspace(0, 1, LEVELS + 1)).tolist(),
        "bits": {"truth": TRUTH, "predicted": PREDICTED, "ambiguous": AMBIGUOUS, "belief": BELIEF},
        "hatches": HATCHES,
        "faint": FAINT,
        "measured": measured,
        "target": target,
        "images": [_tile(image) for image in images],
    }
    return json_script("explorer-data", content)


def introduction(images: Sequence[ReportImage], measured: int) -> Markup:
    """Returns which images these are, and how many of how many."""
    if len(images) >= measured:
        which = join(["All ", many(measured, "image"), " measured."])
    else:
        most = "most wrong pixels that can be known" if _decides(images) else "most wrong pixels"
        which = join([len(images), " of the ", many(measured, "image"), f" measured: those with the {most}."])
    pairs = " Each is shown next to a layer of your choice."
    filtered = " With filters, an image is shown if one of its rectangles matches all of them."
    return element("p", which, pairs, filtered if any(image.instances for image in images) else "")


def layers(images: Sequence[ReportImage]) -> Markup:
    """Returns a button a layer to show next to each image, of those that these images have."""
    named = {name: label for name, label in _LAYERS.items() if name != "image" and (name != "unknowable" or _decides(images))}
    return join(
        element(
            "label",
            element("input", type="radio", name="layer", value=name, checked=name == "error"),
            element("span", label),
        )
        for name, label in named.items()
    )


def orders(images: Sequence[ReportImage]) -> Markup:
    """Returns the orders in which these images can be shown."""
    known = {name: label for name, label in _ORDERS.items() if name != "decidable" or _decides(images)}
    return join(element("option", label, value=name) for name, label in known.items())


def filters(images: Sequence[ReportImage]) -> Markup:
    """Returns a labelled choice for the split and every property of rectangles that differ, each with counts of images."""
    found = {"split": Counter(image.split for image in images)}
    for key in _FILTERS:
        found[key] = Counter(value for image in images for value in {shown(row.get(key)) for row in image.instances})
    labels = {"split": "Split", **_FILTERS}
    return join(_choice(key, labels[key], counts) for key, counts in found.items() if len(counts) > 1)


def _decides(images: Sequence[ReportImage]) -> bool:
    return any(image.exact is not None for image in images)


def shown(value: object) -> str:
    """Returns a property as the filters name it."""
    return "unknown" if value is None else str(value)


def _choice(key: str, label: str, found: Counter[str]) -> Markup:
    options = [element("option", "any", value="")]
    options += [element("option", f"{value} ({found[value]})", value=value) for value in _ordered(found)]
    select = element("select", *options, id=f"filter-{key}", name=key)
    return element("div", element("label", label, for_=f"filter-{key}"), select)


def _ordered(values: Iterable[str]) -> list[str]:
    """Bins from whole to hidden, all else by the alphabet."""
    order = BIN_NAMES
    return sorted(values, key=lambda value: (order.index(value) if value in order else len(order), value))


def _tile(image: ReportImage) -> dict[str, Any]:
    height, width = image.truth.shape
    return {
        "index": image.index,
        "id": image.image_id,
        "split": image.split,
        "iou": image.iou,
        "wrong": image.wrong_pixels,
        "decidable": image.wrong_decidable,
        "width": width,
        "height": height,
        "png": _base64(encode_png(image.image)),
        "labels": _base64(zlib.compress(_labels(image).tobytes(), 9)),
        "ambiguity": image.exact is not None,
        "instances": [{key: row.get(key) for key in _INSTANCE} for row in image.instances],
        "regenerate": image.regenerate,
    }


def _labels(image: ReportImage) -> NDArray[np.uint8]:
    """Returns uint8 (1 or 2, H, W): labels, and where it is known the exact probability of ambiguous pixels, in steps.

    Not a PNG: browsers that resist fingerprinting falsify what a page reads back from pictures.
    """
    labels = TRUTH * image.truth.astype(np.uint8) + PREDICTED * image.predicted.astype(np.uint8)
    labels += BELIEF * np.rint(LEVELS * image.belief).astype(np.uint8)
    if image.exact is None:
        return labels[None]
    ambiguous = ambiguous_pixels(image.exact)
    levels = np.rint(LEVELS * np.nan_to_num(image.exact)).astype(np.uint8)
    return np.stack([labels + AMBIGUOUS * ambiguous.astype(np.uint8), np.where(ambiguous, levels, np.uint8(0))])


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
