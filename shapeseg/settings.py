"""Typed settings: options of every command, from plain data and back, each value checked."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

import dacite

from shapeseg.errors import UsageError
from shapeseg.value_types import fits, hints_of, misfit, suggestion

Settings = TypeVar("Settings")

MAX_SEED = 2**64 - 1


@dataclasses.dataclass(frozen=True)
class CommonOptions:
    """Options of every command."""

    config: Path | None = None
    """JSON or YAML file with values for any of these options; flags win."""
    debug: bool = False
    """Show the traceback of an error."""


class UnknownSettingError(UsageError):
    """A name that is no setting, or a value of the wrong type."""


def settings_from_dict(kind: type[Settings], content: Mapping[str, Any]) -> Settings:
    """Builds a settings object; lists become tuples, strings paths and NumPy's numbers Python's, as its field types ask.

    Raises:
        UsageError: If a name is unknown or a value has the wrong type or is out of range.
    """
    try:
        for name, value, hint in _leaves(kind, content):
            if not fits(value, hint):
                raise misfit(UnknownSettingError, name, value, hint)
        return dacite.from_dict(kind, content, _AS_TYPED)
    except UsageError:
        raise  # of the settings themselves: a value out of range
    except dacite.UnexpectedDataError as error:
        unknown = sorted(map(str, error.keys))
        raise UnknownSettingError(
            f"{kind.__name__} has no such setting",
            received=f"{', '.join(unknown):.60}",
            fix=suggestion(unknown[0], _names_in(kind)),
        ) from error
    except (dacite.DaciteError, TypeError, ValueError, AttributeError) as error:
        fix = "Correct that name or value, or leave it out"
        raise UnknownSettingError(f"these are no {kind.__name__}", received=error, fix=fix) from error


def _leaves(kind: Any, content: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yields name, value and type of every setting that is given, those of groups too."""
    for name, hint in hints_of(kind).items():
        if name in content:
            value = content[name]
            if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
                yield from _leaves(hint, value)
            else:
                yield name, value, hint


def _as_number(kind: type) -> Callable[[Any], Any]:
    """Returns what makes a number of NumPy's one of Python's; True and False, which Python counts as 1 and 0, are none."""

    def convert(value: Any) -> Any:
        if isinstance(value, bool):
            raise dacite.WrongTypeError(kind, value)
        return kind(value) if fits(value, kind) and not isinstance(value, int | float) else value

    return convert


_AS_TYPED = dacite.Config(strict=True, cast=[tuple, Path], type_hooks={kind: _as_number(kind) for kind in (int, float)})


def options_from_flags(kind: type[Settings], flags: Mapping[str, Any]) -> Settings:
    """Builds options from names that stand alone, as flags do; each goes into the group that it is of.

    Raises:
        UsageError: If a name is unknown or a value has the wrong type or is out of range.
    """
    return settings_from_dict(kind, in_groups(kind, flags))


def in_groups(kind: type, flags: Mapping[str, Any], content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Puts settings that stand alone, as flags do, into the group that they are of.

    Args:
        kind: Dataclass of the options; what is not given in a group keeps what these have for it.
        flags: The settings; a group may stand there whole, too.
        content: Settings in groups that were given before, of which those here win.
    """
    usual = vars(kind())
    groups = {name: vars(value) for name, value in usual.items() if dataclasses.is_dataclass(value)}
    of = {setting: name for name, settings in groups.items() for setting in settings if setting not in usual}
    named = {str(name).replace("-", "_"): value for name, value in flags.items()}
    placed = {**(content or {}), **{name: value for name, value in named.items() if name not in of}}
    for name in named.keys() & of.keys():
        group = placed.get(of[name], {})
        group = vars(group) if dataclasses.is_dataclass(group) else group
        placed[of[name]] = group | {name: named[name]} if isinstance(group, dict) else group
    return placed | {name: group | placed[name] for name, group in groups.items() if isinstance(placed.get(name), dict)}


def _groups_of(kind: type) -> dict[str, Any]:
    """Returns the settings within settings: name and type."""
    return {name: hint for name, hint in hints_of(kind).items() if dataclasses.is_dataclass(hint)}


def _names_in(kind: Any) -> list[str]:
    """Returns the names of all settings, as flags have them."""
    groups = _groups_of(kind)
    own = [field.name for field in dataclasses.fields(kind) if field.name not in groups]
    return own + [name for group in groups.values() for name in _names_in(group)]


_CALL = frozenset(field.name for field in dataclasses.fields(CommonOptions))


def options_to_dict(options: Any) -> dict[str, Any]:
    """Returns options as plain JSON types, in the form that ``--config`` reads; how a command was called is none of them."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(options), default=str))
    return without_call(plain)


def without_call(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves out ``config`` and ``debug``, which say how a command was called, not what it does."""
    return {name: value for name, value in plain.items() if name not in _CALL}


def flags_of(content: Mapping[str, Any]) -> list[str]:
    """Returns plain settings as flags; those of groups stand next to the others, and those that are None go without saying.

    >>> flags_of({"seed": 3, "scene": {"best_effort": True, "occluder_kind": None}, "widths": [16, 32]})
    ['--seed', '3', '--best_effort', '--widths', '16', '32']
    """
    flags = []
    for name, value in content.items():
        if isinstance(value, dict):
            flags += flags_of(value)
        elif isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no-{name}")
        elif value is not None:
            flags += [f"--{name}", *_words(value)]
    return flags


def _words(value: Any) -> list[str]:
    return [word for item in value for word in _words(item)] if isinstance(value, list) else [str(value)]


def check_range(
    name: str,
    value: float | None,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    fix: str = "Choose a value in that range",
) -> None:
    """Raises a UsageError unless a number is finite and within its bounds; None, an option that is left out, always is.

    >>> check_range("threshold", 1.5, above=0, below=1, fix="Try 0.5")
    Traceback (most recent call last):
        ...
    shapeseg.errors.UsageError: threshold must be above 0 and below 1. Received: threshold=1.5. Try 0.5.

    Args:
        name: Name of the setting.
        value: Its value.
        least: The smallest that is allowed.
        above: What it must be greater than.
        most: The largest that is allowed.
        below: What it must be less than.
        fix: What to do about it.
    """
    holds = value is None or (
        isinstance(value, Real)
        and not isinstance(value, bool)  # which Python counts as 0 and 1
        and -math.inf < value < math.inf  # not isfinite, which takes no integers of hundreds of digits
        and (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
        and (below is None or value < below)
    )
    if not holds:
        raise UsageError(f"{name} must be {_range(least, above, most, below)}", received=f"{name}={value!r:.60}", fix=fix)


def check_seed(value: int, name: str = "seed") -> None:
    """Raises a UsageError unless a seed is from 0 to 2**64 - 1."""
    check_range(name, value, least=0, most=MAX_SEED)


def _range(least: float | None, above: float | None, most: float | None, below: float | None) -> str:
    """Returns bounds in words."""
    low = f"above {above}" if least is None else str(least)
    high = f"below {below}" if most is None else ("2**64 - 1" if most == MAX_SEED else str(most))
    if most is None and below is None:
        return low if least is None else f"{low} or more"
    return f"{low} and {high}" if least is None else f"from {low} to {high}"
