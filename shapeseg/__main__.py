"""``python -m shapeseg COMMAND``: lists the commands, or runs one. A failure to import it is reported here."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from shapeseg import __version__
from shapeseg.commands import COMMANDS, command_of, module_of
from shapeseg.environment import START_MEMORY, require_memory
from shapeseg.errors import ResourcesError, is_out_of_memory


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the ``main`` of the command that the arguments begin with."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if command := command_of(arguments):
        return run_command(command, arguments[len(command.split()) :], f"shapeseg {command}")
    return _to_its_end(lambda: _tell(arguments[0] if arguments else "--help"))


def run_command(name: str, argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Runs a command, and returns its exit code; ``argv`` None takes the program's own."""

    def run() -> int:
        require_memory(START_MEMORY)
        return import_module(module_of(name)).main(argv, prog)

    return _to_its_end(run)


def _tell(name: str) -> int:
    if name == "--version":
        print(__version__)
        return 0
    listing = "\n".join(f"  {command:<13} {purpose}" for command, purpose in COMMANDS.items())
    if name in ("-h", "--help"):
        print(f"usage: shapeseg COMMAND [OPTIONS]\n\n{listing}\n\nshapeseg COMMAND --help shows its options.")
        return 0
    from shapeseg.value_types import suggestion  # which no other way through here needs

    return _tell_error(f"there is no such command. Received: {name!a}. {suggestion(name, [*COMMANDS])}.", 2)


def _to_its_end(action: Callable[[], int]) -> int:
    """Runs an action, sees to it that what it printed is written, and returns its exit code."""
    code = _told(action)
    return _told(_write_out) or code


def _told(step: Callable[[], int]) -> int:
    """Runs a step and returns its exit code; what it fails with, and no command has reported yet, is reported in one line."""
    try:
        return step()
    except SystemExit as end:  # of --help, and of a flag that cannot be read
        return end.code if isinstance(end.code, int) else 0
    except BrokenPipeError:
        return 0  # a reader who has left misses nothing
    except Exception as error:
        if isinstance(error, ResourcesError) or is_out_of_memory(error):
            return _tell_error(_of_memory(error), ResourcesError.exit_code)
        if isinstance(error, OSError):
            return _tell_error(f"{error.strerror}. Received: stdout. Check free space and permissions.", 4)
        raise


def _of_memory(error: Exception) -> str:
    if isinstance(error, ResourcesError):
        return str(error)
    reason = " ".join(str(error).split())[-200:] or type(error).__name__
    return f"out of memory while libraries are loaded. Received: {reason}. Allow 2,048 MiB or more."


def _tell_error(line: str, code: int) -> int:
    with contextlib.suppress(OSError):
        print(f"error: {line}", file=sys.stderr)
    return code


def _write_out() -> int:
    """Writes what is still held for stdout; what cannot be written goes nowhere, or Python would try again, and complain."""
    if sys.stdout is None:  # closed by the caller
        return 0
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
