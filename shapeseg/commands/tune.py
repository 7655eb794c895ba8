"""``tune``: a search for better settings of a training, which several processes and machines may share."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.environment import prepare_keras, require_packages
from shapeseg.workflows.tuning.settings import TuneOptions


def _command(options: TuneOptions) -> None:
    require_packages(["optuna"], "tune")
    prepare_keras(device=options.device)
    from shapeseg.workflows.tuning.search import tune

    tune(options)


main = entry_point(TuneOptions, _command)
