"""What is measured: counts, scores, rectangles, corruptions, the threshold. NumPy at its core; Keras only predicts."""

from shapeseg.evaluation.evaluation import Evaluation, evaluate_model
from shapeseg.evaluation.image_result import PredictionOptions

__all__ = ["Evaluation", "PredictionOptions", "evaluate_model"]
