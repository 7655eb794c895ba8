from itertools import pairwise

import numpy as np
import pytest

from shapeseg.reporting.stretched import stretched, stretched_ticks, unstretched


def test_nines_are_equally_far_apart():
    assert stretched([0, 0.9, 0.99, 0.999]) == pytest.approx([0, 1, 2, 3])
    assert unstretched(stretched([0.25, 0.5, 0.9873])) == pytest.approx([0.25, 0.5, 0.9873])


def test_a_perfect_score_has_a_place():
    assert stretched(1.0) == stretched(2.0) == pytest.approx(5)


@pytest.mark.parametrize(("low", "high"), [(0, 0.02), (0, 0.5), (0.3, 0.9999), (0.98, 0.9805), (0.5, 0.97), (0.99999, 1)])
def test_there_are_some_ticks_and_not_too_many(low, high):
    ticks = stretched_ticks(low, high)
    assert 3 <= len(ticks) <= 8
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    assert all(one < other for one, other in pairwise(ticks))
    assert len({f"{tick:g}" for tick in ticks}) == len(ticks)
    assert np.isfinite(stretched(ticks)).all()
