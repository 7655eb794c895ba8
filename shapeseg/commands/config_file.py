"""Settings files: a small part of YAML, which holds all of JSON; names and plain values, and nothing that grows when read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from shapeseg.errors import InputError, UsageError
from shapeseg.incoming import read_file

_MOST = 64 * 2**10  # bytes
_DEPTH = 8  # of lists and groups within each other; ours have four
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")


class _Loader(yaml.SafeLoader):
    """Reads null, true and false, numbers and text; takes 1e-3 for a number, too, as JSON and everybody does."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuses content that a settings file does not need before building it."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise yaml.YAMLError("anchors and aliases are not read here")
        if event.tag is not None:
            raise yaml.YAMLError("tags are not read here")
        if self._depth > _DEPTH:
            raise yaml.YAMLError("it is nested too deeply")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag.rpartition(":")[2] in ("null", "bool", "int", "float")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+0123456789"))


def read_config(path: Path) -> dict[str, Any]:
    """Reads a settings file named by the user.

    Raises:
        InputError: If it is missing, not a regular file, too large, no JSON or YAML, or uses more of YAML than is read.
        UsageError: If no flag could have such a value.
    """
    try:
        content = yaml.load(read_file(path, most=_MOST, follow=True).decode("utf-8-sig"), _Loader)
    except FileNotFoundError:
        raise InputError("there is no such settings file", received=path, fix="Name an existing JSON or YAML file") from None
    except InputError:
        raise
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"the settings file cannot be read ({reason})", received=path, fix="Write JSON or YAML") from error
    if not isinstance(content, dict):
        raise InputError("a settings file must hold names and values", received=path, fix="Write one name: value a line")
    _check(content)
    return content


def _check(value: Any) -> None:
    """Raises a UsageError when a name is not text, or a text could be neither a flag's value nor a path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise UsageError("the names in a settings file are text", received=f"{name!s:.60}", fix="Write name: value")
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
    elif isinstance(value, str) and (value.startswith("-") or "\0" in value or not _encodes(value)):
        raise UsageError(
            "a text in a settings file begins with - or contains what no path can",
            received=f"{value!r:.60}",
            fix="Write ./-...",
        )


def _encodes(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
