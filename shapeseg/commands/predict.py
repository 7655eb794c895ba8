"""``predict``: a saved model and images of any kind in; masks, overlays and what was found out."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.workflows.options import PredictOptions


def _command(options: PredictOptions) -> int:
    from shapeseg.workflows.predict import predict

    return predict(options)


main = entry_point(PredictOptions, _command)
