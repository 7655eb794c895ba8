"""``evaluate``: a saved model and a dataset in; scores, tables per image and per rectangle, pictures and a report out."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.workflows.evaluate import evaluate
from shapeseg.workflows.options import EvaluateOptions

__all__ = ["EvaluateOptions", "evaluate", "main"]


main = entry_point(EvaluateOptions, evaluate)
