"""The report of an evaluation as one page."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shapeseg import files


@dataclass(frozen=True, eq=False)
class ReportImage:
    """One image of the report."""

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


def write_report(
    path: Path,
    metrics: Mapping[str, Any],
    images: Sequence[ReportImage],
    *,
    title: str,
    history: Sequence[Mapping[str, float]] | None = None,
) -> None:
    """Writes the page."""
    text = json.dumps({"title": title, "images": len(images), "epochs": len(history or ()), **metrics}, indent=2)
    files.write_text(path, f"<!doctype html><title>{html.escape(title)}</title><pre>{html.escape(text)}</pre>\n")
