"""``study``: models trained with and without occlusion, measured on the same test sets."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.commands.command_line import run
from shapeseg.environment import prepare_keras
from shapeseg.workflows.study.settings import StudyOptions


def _command(options: StudyOptions) -> None:
    prepare_keras()
    from shapeseg.workflows.study.run import study

    study(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(StudyOptions, _command, argv, prog)
