"""``train``: a dataset in, a run folder with a model, its card, its history and its pictures out."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.commands.command_line import run
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train

__all__ = ["TrainOptions", "main", "train"]


def _command(options: TrainOptions) -> None:
    train(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(TrainOptions, _command, argv, prog)
