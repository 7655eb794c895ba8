"""Typed settings from plain data: what a JSON or YAML file holds becomes a frozen dataclass, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import dacite

from shapeseg.errors import UsageError

Settings = TypeVar("Settings")


class UnknownSettingError(UsageError):
    """A name that is no setting, or a value of the wrong type."""


def settings_from_dict(kind: type[Settings], content: Mapping[str, Any]) -> Settings:
    """Builds a settings object; lists become tuples and strings paths, as its field types ask.

    Raises:
        UsageError: If a name is unknown or a value has the wrong type or is out of range.
    """
    try:
        return dacite.from_dict(kind, content, dacite.Config(strict=True, cast=[tuple, Path]))
    except UsageError:
        raise  # of the settings themselves: a value out of range
    except (dacite.DaciteError, TypeError, AttributeError) as error:
        raise UnknownSettingError(
            f"these are no {kind.__name__}", received=error, fix="Correct that name or value, or leave it out"
        ) from error
