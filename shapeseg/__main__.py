"""``python -m shapeseg COMMAND``: lists the commands, or runs one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from shapeseg import __version__
from shapeseg.commands import COMMANDS


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``shapeseg.commands.NAME.main`` for the first argument."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else "--help"
    if name in COMMANDS:
        return import_module(f"shapeseg.commands.{name}").main(arguments[1:], f"shapeseg {name}")
    if name == "--version":
        print(__version__)
        return 0
    listing = "\n".join(f"  {command:<10} {purpose}" for command, purpose in COMMANDS.items())
    if name in ("-h", "--help"):
        print(f"usage: shapeseg COMMAND [OPTIONS]\n\n{listing}\n\nshapeseg COMMAND --help tells more of each.")
        return 0
    print(f"error: there is no such command. Received: {name}. Use one of {', '.join(COMMANDS)}.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
