"""The flags of a command, made of its typed options, and what tyro is asked to show of them."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypedDict, Union, get_args, get_origin, get_type_hints

import tyro

from shapeseg.description import Description
from shapeseg.settings import CommonOptions
from shapeseg.value_types import words_of

_ALIASES = {"batch_size": "--batch", "learning_rate": "--lr"}
_LAST = "general"  # group of the options that every command has
_typed_dict: Any = TypedDict  # made of what only a running program knows


OWN = tuple(field.name for field in dataclasses.fields(Description))
"""Settings that say what the user's own data means."""


class Layout(NamedTuple):
    """How the help of a command is laid out.

    Attributes:
        groups: Settings to show together, by the name of their group; "" comes first. Others stay where they are defined.
        examples: Words after the command, ready to type.
    """

    groups: Mapping[str, Sequence[str]] = {}
    examples: Sequence[str] = ()


class Flag(NamedTuple):
    """One setting as a flag; ``group`` is the field of the options that it is in, or "" when it is one itself."""

    setting: str
    group: str
    hint: Any
    default: Any
    help: str
    positional: bool

    @property
    def names(self) -> list[str]:
        """Every way to write it, the usual one first."""
        name = self.setting.replace("_", "-")
        alias = [_ALIASES[self.setting]] if self.setting in _ALIASES else []
        return [f"--{name}", *alias, *([f"--no-{name}"] if self.hint is bool else [])]


def flags_of_options(kind: type, defaults: Any, group: str = "", *, documented: bool = True) -> Iterator[Flag]:
    """Yields the flags of options, and of the settings within them.

    Args:
        kind: Dataclass of the options.
        defaults: Options that have their defaults.
        group: Field of the options that these settings are in.
        documented: Whether each has its docstring as help, for which the source is read.
    """
    hints, docs = get_type_hints(kind, include_extras=True), _field_docs(kind) if documented else {}
    for field in dataclasses.fields(kind):
        name, hint, default = field.name, hints[field.name], getattr(defaults, field.name)
        if dataclasses.is_dataclass(default):
            yield from flags_of_options(type(default), default, name, documented=documented)
            continue
        positional = tyro.conf.Positional in getattr(hint, "__metadata__", ())
        yield Flag(name, group, _given(get_args(hint)[0] if positional else hint), default, docs.get(name, ""), positional)


def _given(hint: Any) -> Any:
    """Returns the type of a value that is given: None is what an option is without one."""
    kinds = tuple(kind for kind in get_args(hint) if kind is not NoneType)
    return Union[kinds] if NoneType in get_args(hint) else hint  # noqa: UP007 (of a tuple)


def _field_docs(kind: type) -> dict[str, str]:
    """Returns the docstrings of a dataclass's fields, and of those that it inherits."""
    docs: dict[str, str] = {}
    for each in filter(dataclasses.is_dataclass, reversed(kind.__mro__)):
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        for field, doc in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(doc, ast.Expr):
                docs[field.target.id] = " ".join(str(ast.literal_eval(doc.value)).split())
    return docs


def as_shown(options_type: type, flags: Sequence[Flag], layout: Layout) -> Any:
    """Returns the flags as a type for tyro, group by group; none is required, and what is not given is not in the result."""
    common = [field.name for field in dataclasses.fields(CommonOptions)]
    of = {name: group for group, names in {**layout.groups, _LAST: common}.items() for name in names}
    order = [*(name for names in layout.groups.values() for name in names)]
    groups: dict[str, dict[str, Any]] = {group: {} for group in ("", *layout.groups)}
    for flag in sorted(flags, key=lambda flag: order.index(flag.setting) if flag.setting in order else len(order)):
        groups.setdefault(of.get(flag.setting, flag.group), {})[flag.setting] = _annotated(flag)
    groups[_LAST] = groups.pop(_LAST)
    fields = groups.pop("")
    for name, inner in groups.items():
        group = _typed_dict(name, inner, total=False)
        group.__doc__ = "" if name in of.values() else get_type_hints(options_type)[name].__doc__
        fields[f"{name} options"] = Annotated[group, tyro.conf.arg(name=name, help=group.__doc__)]
    return _typed_dict("Options", fields, total=False)


def _annotated(flag: Flag) -> Any:
    shown: dict[str, Any] = {"help": flag.help, "help_behavior_hint": _default(flag.default)}
    if flag.positional:
        more = " ..." if get_origin(flag.hint) is tuple else ""
        return Annotated[flag.hint, tyro.conf.Positional, tyro.conf.arg(metavar=flag.setting.upper() + more, **shown)]
    alias = _ALIASES.get(flag.setting)
    return Annotated[flag.hint, tyro.conf.arg(metavar=metavar(flag.hint), aliases=[alias] if alias else None, **shown)]


def _default(value: Any) -> str:
    """Returns what help says about a default; empty if there is none."""
    if value is None or value is False or value in ((), ""):
        return ""
    return f"(default: {'on' if value is True else ' '.join(_words(value))})"


def _words(value: Any) -> list[str]:
    return [word for each in value for word in _words(each)] if isinstance(value, tuple) else [str(value)]


def metavar(hint: Any) -> str | None:
    """Returns what help shows in place of a value.

    >>> metavar(int), metavar(tuple[float | str, ...]), metavar(bool)
    ('INT', 'FLOAT|STR ...', None)
    """
    if hint is bool:
        return None
    if get_origin(hint) is tuple:
        inner, *others = get_args(hint)
        return f"{metavar(inner)} ..." if others == [...] else " ".join(f"{metavar(kind)}" for kind in get_args(hint))
    if get_origin(hint) in (Union, UnionType) and not list(words_of(hint)):
        return "|".join(f"{metavar(kind)}" for kind in get_args(hint))
    if words := list(words_of(hint)):
        others = [kind for kind in get_args(hint) if get_origin(kind) is tuple]
        return "|".join([f"{{{','.join(words)}}}", *(f"{metavar(kind)}" for kind in others)])
    return "PATH" if hint is Path else hint.__name__.upper()
