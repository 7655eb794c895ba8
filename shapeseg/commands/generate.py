"""``generate``: a new dataset."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.commands.command_line import run
from shapeseg.workflows.options import GenerateOptions


def _command(options: GenerateOptions) -> None:
    from shapeseg.workflows.generate import generate

    generate(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(GenerateOptions, _command, argv, prog)
