"""Tables for the terminal, for files and for notebooks."""

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


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns rows of one set of names as a Markdown table; numbers stand to the right.

    >>> print(markdown_table([{"split": "test", "iou": 0.97654}, {"split": "val", "iou": None}]))
    | split | iou |
    |---|--:|
    | test | 0.9765 |
    | val | - |
    """
    if not rows:
        return ""
    first = rows[0]
    rule = "".join("|--:" if isinstance(value, int | float) else "|---" for value in first.values())
    lines = [[_text(row[name]) for name in first] for row in rows]
    return "\n".join([_line(list(first)), f"{rule}|", *map(_line, lines)])


def csv_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Returns CSV; a value that is undefined is left empty, and one with a comma in it quoted."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def without_pictures(page: str) -> str:
    r"""Leaves out lines that are a picture: their paths mean nothing elsewhere.

    >>> without_pictures("Look:\n![curve](curve.png)\nSteep.")
    'Look:\nSteep.'
    """
    return "\n".join(line for line in page.splitlines() if not line.startswith("!["))


def first_section(page: str) -> str:
    r"""Returns the text under the first second-level heading, without that heading; the whole page if it has none.

    >>> first_section("# Title\n## In short\nIt works.\n## Details\nMore.")
    'It works.'
    """
    _, found, rest = page.partition("\n## ")
    if not found:
        return page
    _, _, body = rest.partition("\n")
    return body.partition("\n## ")[0].strip()
