"""The failure explorer's data: tiles as PNG, labels packed into one byte a pixel, and the filters that fit them."""

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
from shapeseg.reporting.pictures import INVENTED, MISSED, RIGHT
from shapeseg.scenes.occlusion import BIN_NAMES

TRUTH, PREDICTED, AMBIGUOUS = 1, 2, 4
"""Bits of a label byte."""

_FILTERS = {"occlusion": "Occlusion", "occluder_kind": "Occluder", "occluder_color": "Its colour", "pieces": "Pieces"}
_INSTANCE = (
    "instance", "occlusion_rate", "occluder_kind", "occluder_color", "pieces", "visible_area", "found_pixels", "recall", "iou",
    "touching", "ignored", "occlusion",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ReportImage:
    """One image of the failure explorer.

    Attributes:
        index: Of the sample.
        image_id: Its name.
        split: Its split.
        iou: Of the image; None when there is no rectangle pixel in truth or prediction.
        wrong_pixels: Missed and invented ones.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        truth: bool (H, W), True on rectangle.
        predicted: bool (H, W).
        ambiguous: bool (H, W); None when unknown.
        instances: Its rows of ``per_instance.csv``.
        regenerate: The line that draws this image again.
    """

    index: int
    image_id: str
    split: str
    iou: float | None
    wrong_pixels: int
    image: NDArray[np.uint8]
    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    ambiguous: NDArray[np.bool_] | None
    instances: Sequence[Mapping[str, Any]]
    regenerate: str


def explorer_data(images: Sequence[ReportImage]) -> Markup:
    """Returns the script element that hands the images to ``explorer.js``."""
    colors = {"right": RIGHT, "missed": MISSED, "invented": INVENTED}
    bits = {"truth": TRUTH, "predicted": PREDICTED, "ambiguous": AMBIGUOUS}
    return json_script("explorer-data", {"colors": colors, "bits": bits, "images": [_tile(image) for image in images]})


def filters(images: Sequence[ReportImage]) -> Markup:
    """Returns a labelled choice for every property of rectangles, and for the split, each with counts of images."""
    choices = [_choice("split", "Split", Counter(image.split for image in images))]
    for key, label in _FILTERS.items():
        found = Counter(value for image in images for value in {shown(row.get(key)) for row in image.instances})
        choices.append(_choice(key, label, found))
    if not any(image.instances for image in images):
        choices.append(element("p", "Of these images no rectangles are known.", class_="absent"))
    return join(choices)


def shown(value: object) -> str:
    """Returns a property as the filters name it."""
    return "unknown" if value is None else str(value)


def _choice(key: str, label: str, found: Counter[str]) -> Markup:
    options = [element("option", "any" if found else "unknown", value="")]
    options += [element("option", f"{value} ({found[value]})", value=value) for value in _ordered(found)]
    select = element("select", *options, id=f"filter-{key}", name=key, disabled=not found)
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
        "width": width,
        "height": height,
        "png": _base64(encode_png(image.image)),
        "labels": _base64(zlib.compress(_labels(image).tobytes(), 9)),
        "ambiguity": image.ambiguous is not None,
        "instances": [{key: row.get(key) for key in _INSTANCE} for row in image.instances],
        "regenerate": image.regenerate,
    }


def _labels(image: ReportImage) -> NDArray[np.uint8]:
    """Returns uint8 (H, W). Not a PNG: browsers that resist fingerprinting falsify what a page reads back from pictures."""
    labels = TRUTH * image.truth.astype(np.uint8) + PREDICTED * image.predicted.astype(np.uint8)
    return labels if image.ambiguous is None else labels + AMBIGUOUS * image.ambiguous.astype(np.uint8)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
