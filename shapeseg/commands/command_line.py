"""What every command shares: typed options in, an exit code out, and one clear line when something is wrong."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from shapeseg.commands.flags import Layout
from shapeseg.commands.parsing import parse_flags
from shapeseg.earlier_settings import as_today
from shapeseg.errors import InputError, ResourcesError, ShapesegError, StorageError, UsageError, is_out_of_memory
from shapeseg.settings import CommonOptions, UnknownSettingError, in_groups, settings_from_dict
from shapeseg.terminal import say

Options = TypeVar("Options", bound=CommonOptions)

_PLAIN = Layout()


def entry_point(
    options_type: type[Options], command: Callable[[Options], object], layout: Layout = _PLAIN
) -> Callable[..., int]:
    """Returns the ``main(argv=None, prog=None)`` of a command; see :func:`run`."""

    def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
        return run(options_type, command, argv, prog, layout)

    return main


def run(
    options_type: type[Options],
    command: Callable[[Options], object],
    argv: Sequence[str] | None,
    prog: str | None = None,
    layout: Layout = _PLAIN,
) -> int:
    """Parses ``argv`` (None takes the program's own), runs the command, and returns its exit code.

    What a command returns is its exit code when it is a number; else that is 0. Errors go to stderr as one line; ``--debug``
    adds their traceback.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    _open_closed_streams()
    _print_any_letter()
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # nohup has it ignored
        signal.signal(signal.SIGHUP, _terminate)
    try:
        options = _parse(options_type, arguments, prog or f"python {Path(sys.argv[0]).name}", layout)
        debug = options.debug
        code = command(options)
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return _report("interrupted", 130, debug)
    except _Terminated:
        return _report("terminated", 143, debug)
    except ShapesegError as error:
        return _report(str(error), error.exit_code, debug)
    except Exception as bug:
        if is_out_of_memory(bug):
            fix = "Use smaller batches, images or networks, or fewer workers"
            return _report(str(ResourcesError("out of memory", received=prog, fix=fix)), ResourcesError.exit_code, debug)
        if isinstance(bug, BrokenPipeError) and getattr(options_type, "out", None) is None:
            return StorageError.exit_code  # what it prints is its result, and the reader of that has left
        if isinstance(bug, OSError):
            return _report(*_of_os_error(bug), debug)
        line = f"a bug of shapeseg ({type(bug).__name__}: {bug}). Received: {' '.join(arguments)}. Report it with --debug."
        return _report(line, 70, debug)


def _open_closed_streams() -> None:
    """Points streams that the caller has closed (``2>&-``) to nowhere; else a file of ours would get their number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", closefd=False))


def _print_any_letter() -> None:
    """Lets stdout escape what its encoding lacks, as in names that are not UTF-8; in some locales it already has a way."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _parse(options_type: type[Options], arguments: list[str], prog: str, layout: Layout) -> Options:
    """Reads the flags and the settings file that they may name; flags win, and may mend what the file alone could not mean."""
    given = parse_flags(options_type, arguments, prog, layout)
    content: dict[str, Any] = {}
    if path := given.get("config"):
        from shapeseg.commands.config_file import read_config  # which few commands need

        content = in_groups(options_type, as_today(read_config(path)))
        try:
            settings_from_dict(options_type, content)
        except UnknownSettingError:
            raise
        except UsageError:
            pass  # out of range by itself; if no flag mends it, it is told below
    return settings_from_dict(options_type, in_groups(options_type, given, content))


def _of_os_error(failure: OSError) -> tuple[str, int]:
    what = failure.strerror or str(failure)
    if failure.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
        error: ShapesegError = InputError(what, received=failure.filename, fix="Check the path")
    else:
        error = StorageError(what, received=failure.filename, fix="Check free space, quota and permissions")
    return str(error), error.exit_code


def _report(line: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    say("error", line)
    return code


class _Terminated(BaseException):
    """SIGTERM or SIGHUP, as an exception, so that files are closed and staging folders removed on the way out."""


def _terminate(_signal: int, _frame: object) -> None:
    raise _Terminated
