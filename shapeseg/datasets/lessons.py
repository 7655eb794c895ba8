"""What a feed teaches of an image, in one of four forms, and which of its pixels count."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import labels_of
from shapeseg.labels import IGNORED, is_blamed, is_ignored, is_target
from shapeseg.scenes import Truth
from shapeseg.scenes.scene import Target

Form = Literal["mask", "probability", "codes", "codes+probability"]
"""Masks of 0 and 1; the exact probability of rectangle; for our own loss the codes of :mod:`shapeseg.labels`, or both."""


def lesson(truth: Truth, target: Target, form: Form, *, weights: bool) -> NDArray[Any]:
    """Returns what is taught of a rendered scene: (H, W, 1), or (H, W, 2) with the weight of each pixel, 0 or 1.

    Weight 0 have pixels of ignored shapes; of masks those that are ambiguous; of probabilities those unknown, which hold
    the label that was drawn. Codes say all this themselves; a probability next to them is NaN where it is unknown.
    """
    codes = labels_of(truth, target) if weights or form.startswith("codes") else None
    if form == "codes":
        return _stacked(codes)
    drawn = truth.target(target)
    if form == "mask":
        return _stacked(drawn.astype(np.uint8), is_blamed(codes, ignore_ambiguous=True) if weights else None)
    probability = truth.rectangle_probability if target == "visible" else drawn
    if form == "codes+probability":
        return _stacked(codes, probability).astype(np.float32)
    unknown = np.isnan(probability)
    known = np.where(unknown, drawn, probability).astype(np.float32)
    return _stacked(known, ~unknown & ~is_ignored(codes) if weights else None)


def stored_lesson(labels: NDArray[np.uint8], form: Form, *, weights: bool) -> NDArray[np.uint8]:
    """Returns what is taught of an image without a recipe, by its label map, uint8 (H, W): ignored pixels have weight 0."""
    if form == "codes":
        return _stacked(labels)
    return _stacked(is_target(labels).astype(np.uint8), ~is_ignored(labels) if weights else None)


def not_there(form: Form, *, weights: bool) -> tuple[float, ...]:
    """Returns what is taught of a pixel outside of its image: nothing."""
    if form.startswith("codes"):
        return (IGNORED, 0.0) if form == "codes+probability" else (IGNORED,)
    return (0, 0) if weights else (0,)


def _stacked(*layers: NDArray[Any] | None) -> NDArray[Any]:
    return np.stack([layer for layer in layers if layer is not None], axis=-1)
