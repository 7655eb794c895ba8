"""How many epochs fit into a time: asked before training, so that the learning rate falls to zero just when the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras

from shapeseg.datasets.feed import Feed

_WARM_UP, _TIMED = 3, 12  # batches


def affordable_epochs(model: keras.Model, train: Feed, val: Feed, minutes: float) -> int:
    """Times a few steps and says how many epochs, validation included, take ``minutes``; 1 at least.

    Batches are drawn while nothing else runs, which is slower than in training, so that a little time is left over.

    Args:
        model: A compiled one of the kind that will be trained; its weights are changed.
        train: What will be learned from.
        val: What each epoch will be validated on.
        minutes: Above 0.
    """
    epoch = len(train) * _seconds(train, model.train_on_batch) + len(val) * _seconds(val, model.test_on_batch)
    return max(1, int(60 * minutes / epoch))


def _seconds(feed: Feed, step: Callable[..., object]) -> float:
    """Returns the mean time of a step; a short feed is begun again."""
    for number in range(_WARM_UP + _TIMED):
        if number == _WARM_UP:
            started = time.monotonic()
        step(*feed[number % len(feed)])  # gives numbers to NumPy, so it has ended when it returns
    return (time.monotonic() - started) / _TIMED
