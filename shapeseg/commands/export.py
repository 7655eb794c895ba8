"""``export``: a saved model in another format, compared with itself before it is written."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.commands.command_line import run
from shapeseg.workflows.options import ExportOptions


def _command(options: ExportOptions) -> None:
    from shapeseg.workflows.export import export

    export(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(ExportOptions, _command, argv, prog)
