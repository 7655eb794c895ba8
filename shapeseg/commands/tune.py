"""``tune``: a search for better settings of a training, which several processes and machines may share."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.commands.command_line import run
from shapeseg.environment import prepare_keras, require_packages
from shapeseg.workflows.tuning.settings import TuneOptions


def _command(options: TuneOptions) -> None:
    require_packages(["optuna"], "tune")
    prepare_keras(device=options.device)
    from shapeseg.workflows.tuning.search import tune

    tune(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(TuneOptions, _command, argv, prog)
