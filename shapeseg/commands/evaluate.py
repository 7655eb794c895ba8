"""``evaluate``: a saved model and a dataset in; scores, tables per image and per rectangle, pictures and a report out."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.commands.command_line import run
from shapeseg.workflows.evaluate import evaluate
from shapeseg.workflows.options import EvaluateOptions

__all__ = ["EvaluateOptions", "evaluate", "main"]


def _command(options: EvaluateOptions) -> None:
    evaluate(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(EvaluateOptions, _command, argv, prog)
