"""``study honesty``: models that learn ambiguous pixels in several ways, and what they then say of them."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.environment import prepare_keras
from shapeseg.workflows.honesty.settings import HonestyOptions


def _command(options: HonestyOptions) -> None:
    prepare_keras()
    from shapeseg.workflows.honesty.run import study_honesty

    study_honesty(options)


LAYOUT = Layout(
    examples=("--quick --out reports/honesty-quick", "--parts grid --seeds 5 --out reports/honesty"),
)

main = entry_point(HonestyOptions, _command, LAYOUT)
