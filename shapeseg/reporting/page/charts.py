"""Charts as inline SVG: sharp at any size, coloured by the page's style sheet, so that they follow light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from shapeseg.reporting.page.markup import Markup, element
from shapeseg.reporting.stretched import stretched, stretched_ticks, unstretched

Curve = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 420, 260
_LEFT, _RIGHT, _TOP = 52, 10, 12
# Series differ in colour, marker and dash: by the second and third, readers who do not see colours tell them apart.
_MARKERS = ("round", "square", "pointed")
_MANY = 30  # points of a curve, from which on marks would hide it

Scale = Literal["linear", "log", "stretched"]
"""``log`` is of what falls by factors, ``stretched`` of scores near 1 (:mod:`shapeseg.reporting.stretched`)."""


class Estimate(NamedTuple):
    """A score and its interval; either may be None, which is shown as undefined."""

    value: float | None
    interval: Sequence[float] | None


class _Frame(NamedTuple):
    """The area of a chart, in the units of its SVG, and the values at its edges."""

    bottom: int
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    scale: Scale = "linear"

    def x(self, value: float) -> float:
        return round(_LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        low, high, place = (_on_scale(self.scale, each) for each in (self.y_low, self.y_high, value))
        return round(_TOP + (high - place) / (high - low) * (_HEIGHT - _TOP - self.bottom), 1)

    def y_ticks(self) -> list[float]:
        if self.scale == "log":
            return _log_ticks(self.y_low, self.y_high)
        return stretched_ticks(self.y_low, self.y_high) if self.scale == "stretched" else _ticks(self.y_low, self.y_high)


def interval_chart(
    title: str, x_label: str, groups: Sequence[tuple[str, str]], series: Mapping[str, Sequence[Estimate]]
) -> Markup:
    """Draws scores with their intervals, group next to group, from 0 to 1 or from less than the lowest of them.

    Args:
        title: What the chart shows, for those who cannot see it.
        x_label: What the groups are.
        groups: Name and note of each, written below it; a note may have several lines.
        series: Name to one estimate a group.
    """
    known = [
        bound
        for estimates in series.values()
        for value, interval in estimates
        for bound in (value, *(interval or ()))
        if bound is not None
    ]
    low = min(0.9, math.floor(min(known, default=0) * 10) / 10)
    lines = max(len(note.splitlines()) for _, note in groups)
    frame = _Frame(46 + 16 * lines, -0.5, len(groups) - 0.5, low, 1.0)
    parts = _y_axis(frame)
    for place, (name, note) in enumerate(groups):
        top = _HEIGHT - 28 - 16 * lines
        parts.append(_text(frame.x(place), top, name, "middle"))
        for number, line in enumerate(note.splitlines(), 1):
            parts.append(_text(frame.x(place), top + 16 * number, line, "middle", "quiet"))
        if all(estimates[place].value is None for estimates in series.values()):
            parts.append(_text(frame.x(place), frame.y((low + 1) / 2), "undefined", "middle", "quiet"))
    parts.append(_text(_WIDTH / 2 + 17, _HEIGHT - 8, x_label, "middle", "quiet"))
    for number, estimates in enumerate(series.values()):
        shift = 0.16 * (number - (len(series) - 1) / 2)
        for place, (value, interval) in enumerate(estimates):
            if value is not None and interval is not None:
                parts.append(_bracket(frame.x(place + shift), frame.y(interval[0]), frame.y(interval[1]), number))
        points = [(place + shift, value) for place, (value, _) in enumerate(estimates) if value is not None]
        parts.append(_curve(frame, number, points))
    return _svg(title, parts)


def curves_chart(
    title: str,
    x_label: str,
    curves: Mapping[str, Curve],
    *,
    unit_square: bool = False,
    scale: Scale = "linear",
    level: float | None = None,
) -> Markup:
    """Draws curves.

    Args:
        title: What the chart shows, for those who cannot see it.
        x_label: What the horizontal axis is.
        curves: Name to points (x, y).
        unit_square: Both axes go from 0 to 1 and the diagonal is drawn; else they go as far as the points do.
        scale: Scale of the vertical axis.
        level: Height of a dashed line that is no curve.
    """
    xs = [x for curve in curves.values() for x, _ in curve]
    ys = [y for curve in curves.values() for _, y in curve] + ([] if level is None else [level])
    if scale == "log" and min(ys) <= 0:
        scale = "linear"
    if unit_square:
        frame = _Frame(44, 0, 1, 0, 1)
    else:
        frame = _Frame(44, min(xs), max(xs) + (min(xs) == max(xs)), *_bounds(scale, min(ys), max(ys)), scale)
    parts = _y_axis(frame)
    if level is not None:
        height = frame.y(level)
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=height, y2=height, class_="level"))
    if unit_square:
        parts.append(element("line", x1=frame.x(0), y1=frame.y(0), x2=frame.x(1), y2=frame.y(1), class_="diagonal"))
    for value in _ticks(frame.x_low, frame.x_high, whole=not unit_square):
        parts.append(_text(frame.x(value), _HEIGHT - 26, f"{value:g}", "middle"))
    parts.append(_text(_WIDTH / 2 + 17, _HEIGHT - 8, x_label, "middle", "quiet"))
    parts += [_curve(frame, number, curve) for number, curve in enumerate(curves.values())]
    return _svg(title, parts)


def interval_glyph(estimate: Estimate) -> Markup:
    """Returns a small picture of an estimate on a line from 0 to 1, for a row of a table that states the numbers."""
    value, interval = estimate
    parts = [element("path", d="M2 8H98M2 4v8M50 6v4M98 4v8", class_="grid")]
    if interval is not None:
        low, high = (round(2 + 96 * bound, 1) for bound in interval)
        parts.append(element("path", d=f"M{low} 8H{high}", class_="bar s0"))
    if value is not None:
        parts.append(element("circle", cx=round(2 + 96 * value, 1), cy=8, r=3.2, class_="dot s0"))
    return element("svg", *parts, viewBox="0 0 100 16", class_="glyph", aria_hidden="true")


def share_bar(share: float) -> Markup:
    """Returns a bar as long as a share, 0 to 1, for a row of a table that states the number."""
    bars = (
        element("rect", width=width, height=12, rx=2, class_=kind) for width, kind in ((100, "track"), (100 * share, "share"))
    )
    return element("svg", *bars, viewBox="0 0 100 12", preserveAspectRatio="none", class_="glyph", aria_hidden="true")


def legend(names: Sequence[str], level: str | None = None) -> Markup:
    """Returns the key to a chart's series, in their order, and to its level."""
    items = []
    for number, name in enumerate(names):
        sample = [element("path", d="M1 7H27", class_=f"curve s{number}"), _marker(14, 7, number)]
        items.append(element("li", element("svg", *sample, viewBox="0 0 28 14", aria_hidden="true"), name))
    if level is not None:
        line = element("path", d="M1 7H27", class_="level")
        items.append(element("li", element("svg", line, viewBox="0 0 28 14", aria_hidden="true"), level))
    return element("ul", *items, class_="legend")


def _svg(title: str, parts: Sequence[Markup]) -> Markup:
    return element("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=title, class_="chart")


def _y_axis(frame: _Frame) -> list[Markup]:
    parts = []
    for value in frame.y_ticks():
        y = frame.y(value)
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(_text(_LEFT - 8, y + 4, f"{value:g}", "end"))
    return parts


def _bracket(x: float, low: float, high: float, number: int) -> Markup:
    return element("path", d=f"M{x} {low}V{high}M{x - 3:.1f} {low}h6M{x - 3:.1f} {high}h6", class_=f"bar s{number}")


def _curve(frame: _Frame, number: int, points: Curve) -> Markup:
    places = [(frame.x(x), frame.y(y)) for x, y in points]
    line = element("polyline", points=" ".join(f"{x},{y}" for x, y in places), class_=f"curve s{number}")
    return element("g", line, *(_marker(x, y, number) for x, y in places if len(places) <= _MANY))


def _marker(x: float, y: float, number: int) -> Markup:
    if _MARKERS[number] == "round":
        return element("circle", cx=x, cy=y, r=4, class_=f"dot s{number}")
    if _MARKERS[number] == "pointed":
        return element("path", d=f"M{x - 4.5:.1f} {y + 3.5:.1f}h9l-4.5 -8z", class_=f"dot s{number}")
    return element("rect", x=x - 3.5, y=y - 3.5, width=7, height=7, class_=f"dot s{number}")


def _text(x: float, y: float, content: str, anchor: str, kind: str | None = None) -> Markup:
    return element("text", content, x=round(x, 1), y=round(y, 1), text_anchor=anchor, class_=kind)


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    step = max(_step(high - low), 1 if whole else 0)
    return [round(step * count, 10) for count in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _on_scale(scale: Scale, value: float) -> float:
    if scale == "log":
        return math.log10(value)
    return float(stretched(value)) if scale == "stretched" else value


def _bounds(scale: Scale, low: float, high: float) -> tuple[float, float]:
    """Returns the values at the edges of a chart that holds values from ``low`` to ``high``."""
    if scale == "linear":
        step = _step(high - low)
        below, above = math.floor(low / step) * step, math.ceil(high / step) * step
        return below, above + step * (below == above)
    start, end = _on_scale(scale, low), _on_scale(scale, high)
    margin = 0.04 * (end - start) or 0.02
    if scale == "log":
        return 10 ** (start - margin), 10 ** (end + margin)
    return float(unstretched(start - margin)), float(unstretched(end + margin))


def _log_ticks(low: float, high: float) -> list[float]:
    """Returns powers of ten; where a chart holds fewer than three, twice and five times them, too."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 2, 5), range(1, 10)):
        ticks = [float(f"{factor * 10.0**power:.12g}") for power in powers for factor in factors]
        found = [tick for tick in ticks if low <= tick <= high]
        if len(found) > 2:
            return found
    return _ticks(low, high)


def _step(span: float) -> float:
    """Returns 1, 2 or 5 times a power of ten, so that it goes about five times into ``span``."""
    power = 10.0 ** math.floor(math.log10(span / 5)) if span > 0 else 0.1
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= span / 5 - 1e-12)
