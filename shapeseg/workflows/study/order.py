"""The order test: of two shapes that overlap, which does a model take to be in front?"""

from __future__ import annotations

import numpy as np

from shapeseg.scenes.relations import CONTESTED
from shapeseg.workflows.study.intervals import SeedMeans
from shapeseg.workflows.study.matrix import Arms
from shapeseg.workflows.study.record import Compared, OrderTest
from shapeseg.workflows.study.settings import BASE


def order_test(natural: Arms, reversed_: Arms) -> OrderTest:
    """Returns which share of contested pixels is called rectangle, over pairs of a scene and its twin in reversed order.

    In a pair each of these pixels stands once in front and once behind, so that both shares are of as many.

    Args:
        natural: Scores on scenes as they are.
        reversed_: Scores on their reversed twins.
    """
    contested = natural[BASE][0].contested + reversed_[BASE][0].contested  # (pairs, groups)
    means = {}
    for arm in natural:
        called = [one.called + other.called for one, other in zip(natural[arm], reversed_[arm], strict=True)]
        means[arm] = SeedMeans(np.array(called, np.float64), np.array([contested] * len(called), np.float64))
    found: OrderTest = {"scenes": {}, "pixels": {}, "called": {}}
    for column, (colors, place) in enumerate(CONTESTED):
        found["scenes"][colors] = int(np.count_nonzero(contested[:, column]))
        found["pixels"][colors] = int(contested[:, column].sum())
        found["called"].setdefault(colors, {})[place] = {
            arm: _compared(each, column, means[BASE]) for arm, each in means.items()
        }
    return found


def _compared(means: SeedMeans, column: int, base: SeedMeans) -> Compared:
    return {**means.mean(column), "difference": means.difference(column, base)}
