"""The one door for what comes from outside: a file is opened once, if it is a regular one of bounded size, as is JSON.

Everything from the user, a dataset or a stranger is read here: a pipe would block, a device never ends, a link may lead
anywhere, and a file may say that it is larger than the memory.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

from shapeseg.errors import InputError, ShapesegError

MAX_TEXT = 16 * 2**20
"""Bytes of a small text file at most: settings, cards, lists."""

_DEPTH = 64  # brackets within brackets; ours have seven
_FIX = "Put a copy of the file itself there"
_SMALLER = "Make it smaller"
_NO_FILE = (errno.ELOOP, errno.ENXIO, errno.ENODEV)  # a link that is not followed, a socket, a device that is not there


def read_file(
    path: Path,
    *,
    most: int,
    start: int | None = None,
    follow: bool = False,
    refusal: type[ShapesegError] = InputError,
) -> bytes:
    """Reads a file that comes from outside.

    Args:
        path: Path of the file.
        most: Bytes that it may have; asked before any is read.
        start: Read so many bytes of its beginning only, whatever its size.
        follow: Follow a link: only for a file named by the user.
        refusal: Kind of the error for a file that is not read, where it is not an InputError.

    Raises:
        InputError: If it is not a regular file, a link or too large.
        OSError: If it is missing or cannot be read.
    """
    with open_file(path, most=most if start is None else None, follow=follow, refusal=refusal) as file:
        if start is not None:
            return file.read(start)
        # Not all that is allowed: Python takes the memory of what it is asked to read, however small the file.
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1)
        if len(content) > size:  # it is growing, or of /proc, where files have no size
            content += file.read(most + 1 - len(content))
    if len(content) > most:
        raise refusal(_too_large(most), received=f"{path}, growing", fix=_SMALLER)
    return content


@contextmanager
def open_file(
    path: Path, *, most: int | None, follow: bool = False, refusal: type[ShapesegError] = InputError
) -> Iterator[BufferedReader]:
    """Yields a file that comes from outside, opened to be read piece by piece; see :func:`read_file`."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in _NO_FILE:
            what = "a link is not followed here" if path.is_symlink() else "this is not a regular file"
            raise refusal(what, received=path, fix=_FIX) from error
        raise
    except ValueError as error:  # a NUL in its name
        raise refusal("no file can have this name", received=repr(str(path)), fix="Name another") from error
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise refusal("this is not a regular file", received=path, fix=_FIX)
        if most is not None and state.st_size > most:
            raise refusal(_too_large(most), received=f"{path}, {state.st_size:,} bytes", fix=_SMALLER)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def _too_large(most: int) -> str:
    return f"at most {most:,} bytes are read here"


def parse_json(content: bytes | str) -> Any:
    """Parses strict JSON in UTF-8: numbers are finite, and brackets not nested without end.

    Raises:
        ValueError: If it is none.
    """
    text = content if isinstance(content, str) else content.decode("utf-8-sig")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if text.count("[") + text.count("{") > _DEPTH:
        _refuse_depth(value)
    return value


def json_object(path: Path, *, most: int = MAX_TEXT) -> dict[str, Any]:
    """Returns the object that a JSON file holds; an empty one where it is missing, cannot be read or holds something else."""
    try:
        content = parse_json(read_file(path, most=most))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        _refuse(digits)
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    if level:
        raise ValueError("it is nested too deeply")
