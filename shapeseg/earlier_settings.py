"""Settings as earlier versions wrote them: the one place that reads them as today's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_today(content: Mapping[str, Any]) -> dict[str, Any]:
    """Returns plain settings, alone or in groups, under today's names. What cannot be meant is left, for others to refuse.

    Until 0.1.0 ``ignore_ambiguous`` said whether ambiguous pixels are left out, or learned as they were drawn.

    >>> as_today({"data": "shapes", "training": {"epochs": 2, "ignore_ambiguous": False}})
    {'data': 'shapes', 'training': {'epochs': 2, 'ambiguous': 'hard', 'ambiguous_weight': 1.0}}
    """
    today: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Mapping):
            today[name] = as_today(value)
        elif str(name).replace("-", "_") == "ignore_ambiguous" and isinstance(value, bool) and "ambiguous" not in content:
            today |= {"ambiguous": "exclude" if value else "hard", "ambiguous_weight": 1.0}
        else:
            today[name] = value
    return today
