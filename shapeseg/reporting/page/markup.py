"""HTML and SVG as text in which everything is escaped that was not made here."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from operator import methodcaller
from typing import Any

_VOID = {"input", "line", "circle", "path", "polyline", "rect", "br"}


class Markup(str):
    """Text that is HTML already; any other text is escaped when it becomes a child."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """Returns an element.

    Args:
        name: Name of the tag.
        children: Elements, or values that are shown as text.
        attributes: ``class_`` stands for ``class``, ``aria_label`` for ``aria-label`` and so on; True leaves the bare name,
            None and False leave the attribute out.

    >>> print(element("a", "R & D", href="#x", class_="quiet", hidden=None))
    <a href="#x" class="quiet">R &amp; D</a>
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)
    if name in _VOID:
        return Markup(f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Markup:
    """Returns elements and texts in a row."""
    return Markup("".join(child if isinstance(child, Markup) else html.escape(str(child)) for child in children))


def table(caption: object, header: Iterable[object], rows: Iterable[Iterable[object]], **attributes: object) -> Markup:
    """Returns a table in a region of its own that scrolls, so that the page need not; a row's first cell is its heading.

    A header or cell that is a ``th`` or ``td`` already stays as it is.
    """
    head = element("thead", element("tr", *(_cell(name, "th", scope="col") for name in header)))
    body = element("tbody", *(_line(*row) for row in rows))
    content = element("table", element("caption", caption), head, body, **attributes)
    return element("div", content, class_="scroll", tabindex="0", role="region", aria_label=caption)


def json_script(identifier: str, content: Any) -> Markup:
    """Returns JSON for a page's own script, NumPy's numbers included; nothing in it can end the element or begin another."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False, default=methodcaller("item"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="{html.escape(identifier)}">{text}</script>')


def _line(heading: object, *cells: object) -> Markup:
    return element("tr", _cell(heading, "th", scope="row"), *(_cell(cell, "td") for cell in cells))


def _cell(content: object, kind: str, **attributes: object) -> Markup:
    if isinstance(content, Markup) and content.startswith(("<td", "<th")):
        return content
    return element(kind, content, **attributes)


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
