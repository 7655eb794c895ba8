"""How the results of a study came to be, which each study's JSON begins with."""

from __future__ import annotations

import os
from typing import Any, Protocol, TypedDict

from shapeseg.settings import options_to_dict
from shapeseg.workflows.provenance import command_line, versions


class Origin(TypedDict):
    """Command, settings and versions, and cores of the machine; quick results mean little."""

    command: str
    quick: bool
    settings: dict[str, Any]
    versions: dict[str, str]
    cores: int | None


class _Options(Protocol):
    @property
    def quick(self) -> bool: ...


def origin_of(options: _Options) -> Origin:
    """Returns the origin of results that this process makes with these options."""
    return {
        "command": command_line(),
        "quick": options.quick,
        "settings": options_to_dict(options),
        "versions": versions(),
        "cores": os.cpu_count(),
    }
