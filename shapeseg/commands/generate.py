"""``generate``: a new dataset."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.workflows.options import GenerateOptions


def _command(options: GenerateOptions) -> None:
    from shapeseg.workflows.generate import generate

    generate(options)


main = entry_point(GenerateOptions, _command)
