"""Tables for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def table(rows: Mapping[str, Any]) -> str:
    """Returns names and values in two aligned columns; a score that is undefined is a dash.

    >>> print(table({"images": 90, "iou": 0.97654, "dice": None}))
    images  90
    iou     0.9765
    dice    -
    """
    width = max(map(len, rows), default=0)
    return "\n".join(f"{name:<{width}}  {_text(value)}" for name, value in rows.items())


def csv_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Returns CSV; a value that is undefined is left empty, and one with a comma in it quoted."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
