"""A model file and the JSON card next to it: both read once, bounded, and missed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from shapeseg.errors import ModelRefusedError, UsageError
from shapeseg.incoming import parse_json, read_file
from shapeseg.settings import settings_from_dict

Kind = TypeVar("Kind")

MAX_BYTES = 512 * 2**20
"""Of a model file, packed or unpacked: 134 million weights; the largest of ours has a third of that."""

_MAX_CARD = 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**63  # of a number in a card


def model_file(path: Path) -> Path:
    """Returns the model of a run that is named by its folder; any other path is that of a model already."""
    of_run = path / "model.keras"
    return of_run if of_run.exists() else path


def read_model_bytes(path: Path) -> bytes:
    """Reads a model file whole.

    Raises:
        ModelRefusedError: If it is a link, not a regular file or too large.
        OSError: If it is missing or cannot be read.
    """
    return read_file(path, most=MAX_BYTES, refusal=ModelRefusedError)


def digest(content: bytes) -> str:
    """Returns the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def not_known_to_be_whole(path: Path, card: object, card_name: str, *, fix: str) -> ModelRefusedError:
    """Returns the refusal of a model that has no card, or one that names another digest."""
    known = "its card names another digest" if card else f"there is no {card_name} from shapeseg next to it"
    return ModelRefusedError(f"the model is not known to be whole: {known}", received=path, fix=fix)


def read_card_file(kind: type[Kind], format_: str, path: Path, *, fix: str) -> Kind | None:
    """Reads a card; None if shapeseg has written none.

    Args:
        kind: Dataclass of such a card.
        format_: What it must call its format.
        path: Path of the card.
        fix: What to do when it cannot be used.

    Raises:
        ModelRefusedError: If there is one, but it is damaged.
    """
    try:
        content: Any = parse_json(read_file(path, most=_MAX_CARD, refusal=ModelRefusedError))
        if not isinstance(content, dict) or content.get("format") != format_:
            return None  # somebody else's file of that name
        return settings_from_dict(kind, content)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ModelRefusedError(f"the model's card cannot be used ({error})", received=path, fix=fix) from error


def check_digest(name: str, value: str) -> None:
    """Raises a UsageError unless a value is a SHA-256, 64 hexadecimal digits."""
    if not _SHA256.fullmatch(value):
        raise UsageError(f"{name} must be a SHA-256", received=f"{name}={value!r:.100}", fix="Save the model again")


def check_numbers(name: str, values: Any) -> None:
    """Raises a UsageError unless every number in plain JSON values is finite, and of a size that can be written out."""
    inner = values.values() if isinstance(values, Mapping) else values if isinstance(values, list) else ()
    for value in inner:
        check_numbers(name, value)
    if isinstance(values, int | float) and not -_LARGEST < values < _LARGEST:
        raise UsageError(f"{name} must be finite, below 2**63", received=f"{values!s:.30}", fix="Save the model again")
