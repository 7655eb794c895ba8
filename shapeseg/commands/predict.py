"""``predict``: a saved model and images of any kind in; masks, overlays and what was found out."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.commands.command_line import run
from shapeseg.workflows.options import PredictOptions


def _command(options: PredictOptions) -> int:
    from shapeseg.workflows.predict import predict

    return predict(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(PredictOptions, _command, argv, prog)
