"""What is measured: counts, scores, rectangles, corruptions, the threshold. NumPy at its core; Keras only predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapeseg.lazy_names import lazy_names

__all__ = ["Evaluation", "PredictionOptions", "evaluate_model"]

if TYPE_CHECKING:
    from shapeseg.evaluation.evaluation import Evaluation, evaluate_model
    from shapeseg.evaluation.prediction import PredictionOptions
else:
    __getattr__ = lazy_names(
        __name__,
        {"PredictionOptions": "prediction", **dict.fromkeys(("Evaluation", "evaluate_model"), "evaluation")},
    )
