"""``predict``: a saved model and images of any kind in; masks, overlays and what was found out."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.workflows.predict_options import PredictOptions


def _command(options: PredictOptions) -> int:
    from shapeseg.workflows.predict import predict

    return predict(options)


LAYOUT = Layout(
    examples=("saved_models/reference photo.png", "saved_models/my-run photos/ --out predictions/photos"),
)

main = entry_point(PredictOptions, _command, LAYOUT)
