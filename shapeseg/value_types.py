"""Types of settings: whether a value is of one, and what to report about a value that is not."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from shapeseg.errors import UsageError


def check_type(name: str, value: Any, hint: Any) -> None:
    """Raises a UsageError unless a value is of a type; a list may stand for a tuple, and text for a path.

    >>> check_type("epochs", 3, int)
    >>> check_type("widths", 8, tuple[int, ...])
    Traceback (most recent call last):
        ...
    shapeseg.errors.UsageError: widths has a value of the wrong type. Received: widths=8. Give it a list: [8].
    """
    if not fits(value, hint):
        raise misfit(UsageError, name, value, hint)


def check_types(settings: Any) -> None:
    """Raises a UsageError unless each field of settings is of its type; here, only a tuple is one."""
    kind: Any = type(settings)
    for name, hint in hints_of(kind).items():
        value = getattr(settings, name)
        if not fits(value, hint, sequences=tuple):
            raise misfit(UsageError, name, value, hint, sequence=tuple)


hints_of = cache(get_type_hints)


def fits(value: Any, hint: Any, sequences: Any = (list, tuple)) -> bool:
    """Whether a value is of a type, or becomes one when settings are built; ``sequences`` may stand for a tuple."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin in (Union, UnionType):
        return any(fits(value, each, sequences) for each in inner)
    if origin is tuple:
        hints = inner[:1] * len(value) if inner[-1] is ... and isinstance(value, sequences) else inner
        return isinstance(value, sequences) and len(value) == len(hints) and all(map(fits, value, hints, repeat(sequences)))
    if hint in _NUMBERS:
        return isinstance(value, _NUMBERS[hint]) and not isinstance(value, bool)  # which Python counts as 0 and 1
    if hint is Any:
        return True
    also: tuple[Any, ...] = (str,) if hint is Path else (Mapping,) if dataclasses.is_dataclass(hint) else ()
    return isinstance(value, (origin or hint, *also))


_NUMBERS: dict[Any, Any] = {int: Integral, float: Real}


def misfit(kind: type[UsageError], name: str, value: Any, hint: Any, sequence: type = list) -> UsageError:
    """Returns what to report about a value that is not of its type: the value, and one that would be."""
    received = f"{name}={' '.join(repr(value).split()):.60}"
    wanted, allowed = sequence.__name__, (list, tuple) if sequence is list else tuple
    one, several = sequence([value]), sequence(value) if isinstance(value, list) else None
    fix = next((f"{wanted}: {meant!r:.60}" for meant in (one, several) if meant and fits(meant, hint, allowed)), None)
    words = list(words_of(hint))
    if words and fix is None:
        values = value if isinstance(value, tuple | list) else [value]
        wrong = next((each for each in values if each not in words), value)
        return kind(f"{name} is not one of its choices", received=received, fix=suggestion(wrong, words))
    fix = f"a {fix}" if fix else _in_words(hint).replace("list", wanted)
    return kind(f"{name} has a value of the wrong type", received=received, fix=f"Give it {fix}")


def _in_words(hint: Any, *, many: bool = False) -> str:
    """Returns what a value of a type is.

    >>> _in_words(tuple[int, ...]), _in_words(Path | None), _in_words(tuple[tuple[int, int, int], ...])
    ('a list of whole numbers', 'a path', 'a list of lists of 3 whole numbers')
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        number = "" if inner[-1] is ... else f"{len(inner)} "
        return f"{'lists' if many else 'a list'} of {number}{_in_words(inner[0], many=True)}"
    if origin in (Union, UnionType):
        return _in_words(inner[0], many=many)  # besides None
    kind = origin or hint
    return _IN_WORDS.get(kind, (f"a {kind.__name__}", f"{kind.__name__}s"))[many]


_IN_WORDS: dict[Any, tuple[str, str]] = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("True or False", "truths"),
    str: ("text", "texts"),
    Path: ("a path", "paths"),
}


def words_of(hint: Any) -> Iterator[str]:
    """Yields the words that a type has to choose from, or that it is made of."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for inner in get_args(hint):
            yield from words_of(inner)


def suggestion(wrong: object, words: Sequence[str], *, otherwise: str | None = None) -> str:
    """Returns a suggestion for an unknown word: the likely one, else all of them, or ``otherwise``."""
    begun = [word for word in words if wrong and word.startswith(str(wrong))]
    close = difflib.get_close_matches(str(wrong), begun or words, n=1, cutoff=0.0 if begun else 0.6)
    return f"Did you mean {close[0]}" if close else otherwise or f"Use one of {', '.join(words)}"
