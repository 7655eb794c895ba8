"""What the settings of every architecture must obey; a card's settings are a stranger's, so their numbers are bounded."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.errors import UsageError
from shapeseg.settings import check_range

MOST_LEVELS = 8  # each halves the resolution: 256 pixels become one
MOST_WIDTH = 1024  # the widest level of the first U-Net
MOST_BLOCKS = 16
MOST_EXPANSION = 8
_WIDEST = 2048  # all levels together: those of the first U-Net have 1984
_FARTHEST = 256  # pixels of the coarsest level


def check_widths(widths: Sequence[int], *, fewest: int = 1, most: int = MOST_LEVELS, fix: str) -> None:
    """Raises a UsageError unless there are from ``fewest`` to ``most`` widths, each possible; ``fix`` is what to try."""
    if not fewest <= len(widths) <= most or not all(_is_from_one(width, MOST_WIDTH) for width in widths):
        levels = f"{fewest} to {most} levels" if fewest < most else f"{fewest} levels"
        raise UsageError(f"widths must be from 1 to {MOST_WIDTH}, at {levels}", received=_some("widths", widths), fix=fix)
    if sum(widths) > _WIDEST:
        raise UsageError(f"widths must add up to {_WIDEST} or less", received=_some("widths", widths), fix=fix)


def check_width(name: str, width: int) -> None:
    """Raises a UsageError unless a setting is a possible number of channels."""
    check_range(name, width, least=1, most=MOST_WIDTH)


def check_dilations(dilations: Sequence[int], fix: str) -> None:
    """Raises a UsageError unless there are from 1 to 8 dilations, from 1 to 256, no two alike; ``fix`` is what to try."""
    few = 1 <= len(dilations) <= MOST_LEVELS and len(set(dilations)) == len(dilations)
    if not few or not all(_is_from_one(dilation, _FARTHEST) for dilation in dilations):
        what = f"dilations must be from 1 to {_FARTHEST} and differ, 1 to {MOST_LEVELS} of them"
        raise UsageError(what, received=_some("dilations", dilations), fix=fix)


def _is_from_one(value: int, most: int) -> bool:
    return not isinstance(value, bool) and 1 <= value <= most


def _some(name: str, values: Sequence[int]) -> str:
    """Returns the first few of many values, which may be a thousand."""
    shown = ", ".join(f"{value!s:.20}" for value in values[: MOST_LEVELS + 1])
    return f"{name}=({shown}{', ...' if len(values) > MOST_LEVELS + 1 else ''})"
