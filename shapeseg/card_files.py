"""The JSON card beside a model file: read, and missed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from shapeseg.errors import ModelRefusedError
from shapeseg.settings import settings_from_dict

Kind = TypeVar("Kind")


def not_known_to_be_whole(path: Path, card: object, card_name: str, *, fix: str) -> ModelRefusedError:
    """Returns the refusal of a model that has no card, or one that names another digest."""
    known = "its card names another digest" if card else f"there is no {card_name} of shapeseg's beside it"
    return ModelRefusedError(f"the model is not known to be whole: {known}", received=path, fix=fix)


def read_card_file(kind: type[Kind], format_: str, path: Path, *, fix: str) -> Kind | None:
    """Reads a card; None when there is none of ours.

    Args:
        kind: Dataclass of such a card.
        format_: What it must call its format.
        path: Of the card.
        fix: What to do when it cannot be used.

    Raises:
        ModelRefusedError: If there is one, but it is damaged.
    """
    if not path.is_file():
        return None
    try:
        content: Any = json.loads(path.read_bytes())
        if not isinstance(content, dict) or content.get("format") != format_:
            return None  # somebody else's file of that name
        return settings_from_dict(kind, content)
    except (ValueError, RecursionError) as error:
        raise ModelRefusedError(f"the model's card cannot be used ({error})", received=path, fix=fix) from error
