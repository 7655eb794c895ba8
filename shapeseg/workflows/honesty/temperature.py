"""Temperature scaling: one number that divides every logit of a trained model, chosen on val.

After Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (2017).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.prediction import Predicted

TEMPERATURES = np.geomspace(0.1, 30, 400)

_LEAST = 1e-7  # probabilities are cut here and at 1 less it, where float32 still tells them from 0 and 1
_EDGES = np.linspace(-16.5, 16.5, 4001)  # of bins of logits, which hold all that the cut leaves


def scaled(probability: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Divides the logits of probabilities, of any shape, by a temperature above 0; one above 1 makes them less certain."""
    return (1 / (1 + np.exp(-_logit(probability) / temperature))).astype(np.float32)


def fitted_temperature(predictions: Iterable[Predicted]) -> float:
    """Returns which of ``TEMPERATURES`` makes the drawn labels of all pixels that count the most probable."""
    counts = np.zeros((2, len(_EDGES) - 1))
    for prediction in predictions:
        example = prediction.example
        scored = np.ones(example.target.shape, bool) if example.ignored is None else ~example.ignored
        logits = _logit(prediction.plain)
        for label, of_label in enumerate((~example.target, example.target)):
            counts[label] += np.histogram(logits[scored & of_label], _EDGES)[0]
    divided = (_EDGES[1:] + _EDGES[:-1]) / 2 / TEMPERATURES[:, None]
    losses = np.logaddexp(0, divided) @ counts[0] + np.logaddexp(0, -divided) @ counts[1]
    return float(TEMPERATURES[np.argmin(losses)])


def _logit(probability: NDArray[np.float32]) -> NDArray[np.float64]:
    cut = np.clip(probability.astype(np.float64), _LEAST, 1 - _LEAST)
    return np.asarray(np.log(cut / (1 - cut)))
