"""Parts of a Markdown page, to be shown somewhere else."""

from __future__ import annotations


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
