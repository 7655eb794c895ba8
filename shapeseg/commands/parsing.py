"""The words of a command line, parsed by tyro; what cannot be read is reported in one line, with a suggestion."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import tyro

from shapeseg.commands.flags import Flag, Layout, as_shown, flags_of_options, metavar
from shapeseg.errors import UsageError
from shapeseg.settings import CommonOptions
from shapeseg.value_types import suggestion, words_of

_HELP = {"-h", "--help"}


def parse_flags(options_type: type[CommonOptions], arguments: list[str], prog: str, layout: Layout) -> dict[str, Any]:
    """Returns the settings that the command line gives, by name, each of the type that its option has.

    Raises:
        UsageError: If a flag is unknown, or its value cannot be read.
        SystemExit: After ``--help``.
    """
    named = arguments[: arguments.index("--")] if "--" in arguments else arguments
    flags = list(flags_of_options(options_type, options_type(), documented=not _HELP.isdisjoint(named)))
    _refuse_unknown(flags, named, prog)
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            given, rest = tyro.cli(
                as_shown(options_type, flags, layout),
                args=arguments,
                prog=prog,
                description=_description(options_type, prog, layout),
                config=(tyro.conf.OmitArgPrefixes,),
                return_unknown_args=True,
            )
    except SystemExit as end:
        if not end.code:
            raise
        raise _unreadable(told.getvalue(), flags, named, prog) from None
    if rest:
        raise UsageError("a word does not belong to any flag", received=" ".join(rest), fix=f"See {prog} --help")
    return {name: value for group, value in given.items() for name, value in _settings_of(group, value)}


def _settings_of(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else [(name, value)]


def _description(options_type: type, prog: str, layout: Layout) -> str:
    purpose = " ".join((options_type.__doc__ or "").split())
    lines = [f"  {prog} {words}" for words in layout.examples]
    return "\n".join([purpose, "", "examples:", *lines] if lines else [purpose])


def _refuse_unknown(flags: Sequence[Flag], named: Sequence[str], prog: str) -> None:
    known = ["--help", *(name for flag in flags if not flag.positional for name in flag.names)]
    for word in named:
        name = _name_in(word)
        if word.startswith("--") and name not in known:
            raise UsageError(
                "there is no such flag", received=name, fix=suggestion(name, known, otherwise=f"See {prog} --help")
            )


def _name_in(word: str) -> str:
    return word.partition("=")[0].replace("_", "-")


def _unreadable(told: str, flags: Sequence[Flag], named: Sequence[str], prog: str) -> UsageError:
    """Returns what is wrong with a value; tyro reports it in a box of many lines, of which the first flag is the one meant."""
    found = re.search(r"(--[a-z-]+)[:']", told)
    flag = next((flag for flag in flags if found and found[1] in flag.names), None)
    if flag is None:
        return UsageError("the command line cannot be read", received=" ".join(named), fix=f"See {prog} --help")
    values = _values_of(flag, named)
    received = " ".join([flag.names[0], *values])[:100]
    if not values:
        return UsageError("a flag has no value", received=received, fix=f"Give it {metavar(flag.hint)}")
    choices = list(words_of(flag.hint))
    wrong = next((value for value in values if value not in choices), values[0])
    plain = f"It takes {(metavar(flag.hint) or 'no value').removesuffix(' ...')}"
    fix = suggestion(wrong, choices, otherwise=plain) if choices else plain
    return UsageError("a flag has a value that it does not take", received=received, fix=fix)


def _values_of(flag: Flag, named: Sequence[str]) -> list[str]:
    """Returns the words that follow a flag where it stands last."""
    place = max(place for place, word in enumerate(named) if _name_in(word) in flag.names)
    values = [*named[place].partition("=")[2:]] if "=" in named[place] else []
    for word in named[place + 1 :]:
        if word.startswith("--"):
            break
        values.append(word)
    return values
