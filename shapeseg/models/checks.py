"""What the settings of every architecture must obey; a card's settings are a stranger's, so their numbers are bounded."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.errors import UsageError

MOST_LEVELS = 8  # each halves the resolution: 256 pixels become one
MOST_BLOCKS = 64


def check_widths(widths: Sequence[int], *, fewest: int = 1, most: int = MOST_LEVELS, fix: str) -> None:
    """Raises a UsageError unless there are from ``fewest`` to ``most`` widths, all 1 or more; ``fix`` is what to try."""
    if not fewest <= len(widths) <= most or min(widths) < 1:
        levels = f"{fewest} to {most} levels" if fewest < most else f"{fewest} levels"
        raise UsageError(f"widths must be 1 or more, at {levels}", received=f"widths={widths}", fix=fix)


def check_dilations(dilations: Sequence[int], fix: str) -> None:
    """Raises a UsageError unless there are from 1 to 8 dilations, all 1 or more, no two alike; ``fix`` is what to try."""
    if not 1 <= len(dilations) <= MOST_LEVELS or min(dilations) < 1 or len(set(dilations)) < len(dilations):
        raise UsageError("dilations must be 1 or more and differ, 1 to 8 of them", received=f"dilations={dilations}", fix=fix)
