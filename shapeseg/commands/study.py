"""``study``: models trained with and without occlusion, measured on the same test sets."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.environment import prepare_keras
from shapeseg.workflows.study.settings import StudyOptions


def _command(options: StudyOptions) -> None:
    prepare_keras()
    from shapeseg.workflows.study.run import study

    study(options)


LAYOUT = Layout(
    examples=("--quick --out reports/study-quick", "--arms all drop-occluded --seeds 5 --out reports/dropped"),
)

main = entry_point(StudyOptions, _command, LAYOUT)
