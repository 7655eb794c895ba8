"""``evaluate``: a saved model and a dataset in; scores, tables per image and per rectangle, pictures and a report out."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.workflows.evaluate import evaluate
from shapeseg.workflows.options import EvaluateOptions

__all__ = ["EvaluateOptions", "evaluate", "main"]


LAYOUT = Layout(
    examples=("saved_models/reference", "saved_models/my-run --data data/shapes --split val --corruptions"),
)

main = entry_point(EvaluateOptions, evaluate, LAYOUT)
