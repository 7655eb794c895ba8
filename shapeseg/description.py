"""What the user's own folder means: which mask values are the target, what it is called, which images belong together.

Flags say it, or a ``shapeseg.json`` in the folder, which holds the same names, or the card of a model that was trained on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from shapeseg.errors import InputError, UsageError
from shapeseg.incoming import MAX_TEXT, parse_json, read_file
from shapeseg.settings import check_range, settings_from_dict
from shapeseg.value_types import check_types

DESCRIPTION = "shapeseg.json"

MaskValue = int | str
"""A number, of grey or palette masks, or a colour: ``#ff0000``."""

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LARGEST = 2**16 - 1
_LONGEST_NAME = 60
_LONGEST_PATTERN = 100


@dataclass(frozen=True)
class Description:
    """For your own data; a shapeseg.json in the folder may set the same names, and flags win."""

    target_values: tuple[MaskValue, ...] = ()
    """Mask values that are the target: numbers, or colours such as #ff0000; by default all but 0 (black) and --void-value."""
    void_value: MaskValue | None = None
    """Mask value of pixels that are excluded from training and scores."""
    target_name: str | None = None
    """Name of the target, in the singular, for reports and pictures: crack."""
    group_by: str | None = None
    """Regular expression for the part of a name that must share a split: '^[^_]+' keeps eye7_1 and eye7_2 together."""
    skip_unlabelled: bool = False
    """Leave out images that have no mask; by default they are an error."""
    masks_drawn: Literal["upright", "stored"] | None = None
    """Whether masks were drawn over photographs as shown or as stored; needed only where it makes a difference."""
    image_bits: int | None = None
    """Bits that 16-bit images use, if they would be too dark otherwise: 12 makes 4095 white."""

    def __post_init__(self) -> None:
        check_types(self)
        check_range("image_bits", self.image_bits, least=8, most=16, fix="Try 12")
        for value in (*self.target_values, *(() if self.void_value is None else (self.void_value,))):
            if not (_COLOR.fullmatch(value) if isinstance(value, str) else 0 <= value <= _LARGEST):
                raise UsageError(
                    "a mask value is a number from 0 to 65535, or a colour",
                    received=f"{value!r:.60}",
                    fix="Try 255 or #ffffff",
                )
        if self.void_value in self.target_values:
            raise UsageError("void pixels cannot be the target", received=f"both are {self.void_value}", fix="Name it once")
        name = self.target_name
        if name is not None and not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
            raise UsageError("the target's name must be a short word", received=f"{name!r:.80}", fix="Try --target-name crack")
        if self.group_by is not None:
            _check_pattern(self.group_by)

    def said(self) -> dict[str, Any]:
        """Returns the settings given, by name: all that differ from the defaults."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) != field.default}

    def refuse_for_drawn(self, folder: Path) -> None:
        """Raises a UsageError if anything is said of a dataset that shapeseg has drawn: its recipes say it all."""
        if said := self.said():
            fix = "Leave it out, or name a folder of your own images"
            raise UsageError("this is for images of your own", received=f"{', '.join(said)} for {folder}", fix=fix)

    def over(self, *others: Description) -> Description:
        """Returns all together; what this one says wins, then what the first of the others says."""
        said: dict[str, Any] = {}
        for each in reversed((self, *others)):
            said |= each.said()
        return Description(**said)

    def pixels(self) -> dict[str, Any]:
        """Returns the settings about pixels, by name: with it, the same files are another dataset."""
        return {name: value for name, value in self.said().items() if name not in _NOT_OF_PIXELS}


_NOT_OF_PIXELS = ("target_name", "group_by", "skip_unlabelled")


def read_description(folder: Path) -> Description:
    """Reads the ``shapeseg.json`` of a folder; all defaults if there is none.

    Raises:
        InputError: If it is no JSON object of the names and types of :class:`Description`.
    """
    path = folder / DESCRIPTION
    try:
        content = parse_json(read_file(path, most=MAX_TEXT))
    except (FileNotFoundError, NotADirectoryError):
        return Description()
    except InputError:
        raise
    except ValueError as error:
        raise InputError(
            f"this is not JSON ({error})", received=path, fix='Write for instance {"target_values": [1]}'
        ) from error
    if not isinstance(content, dict):
        raise InputError("a description must hold names and values", received=path, fix='Write {"target_values": [1]}')
    try:
        return settings_from_dict(Description, {str(name).replace("-", "_"): value for name, value in content.items()})
    except UsageError as error:
        raise InputError("the folder's description cannot be used", received=path, fix=str(error).rstrip(".")) from error


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise _no_pattern(pattern, f"this is not a regular expression ({error})") from error
    if len(pattern) > _LONGEST_PATTERN:
        raise _no_pattern(pattern, f"a regular expression has at most {_LONGEST_PATTERN} letters here")


def _no_pattern(pattern: str, what: str) -> UsageError:
    return UsageError(what, received=f"group_by={pattern!r:.60}", fix="Try '^[^_]+', all before the first _")
