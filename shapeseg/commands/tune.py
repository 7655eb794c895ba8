"""``tune``: a search for better settings of a training, which several processes and machines may share."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.environment import prepare_keras, require_packages
from shapeseg.workflows.tuning.settings import TuneOptions


def _command(options: TuneOptions) -> None:
    require_packages(["optuna"], "tune")
    prepare_keras(device=options.device)
    from shapeseg.workflows.tuning.search import tune

    tune(options)


LAYOUT = Layout(
    examples=("--trials 16 --epochs 3", "--data none --timeout 60 --out tuning/fresh"),
)

main = entry_point(TuneOptions, _command, LAYOUT)
