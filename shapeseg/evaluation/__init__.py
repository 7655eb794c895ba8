"""What is measured: counts, scores, rectangles, corruptions, the threshold. NumPy at its core; Keras only predicts.

Importing the package loads nothing: ``predict`` needs a few files of it, and starts in a fraction of a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["Evaluation", "PredictionOptions", "evaluate_model"]

if TYPE_CHECKING:
    from shapeseg.evaluation.evaluation import Evaluation, evaluate_model
    from shapeseg.evaluation.prediction import PredictionOptions


def __getattr__(name: str) -> Any:
    if name in __all__:
        module = "prediction" if name == "PredictionOptions" else "evaluation"
        return getattr(import_module(f"shapeseg.evaluation.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
