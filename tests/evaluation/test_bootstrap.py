import numpy as np
import pytest

from shapeseg.evaluation import bootstrap
from shapeseg.evaluation.bootstrap import REPLICATES, intervals


def test_it_is_a_plain_loop_over_resampled_images():
    random = np.random.Generator(np.random.PCG64(0))
    wholes = random.integers(0, 5, 40).astype(float)
    parts = wholes * random.random(40)
    ratios = []
    for _ in range(20_000):
        drawn = random.integers(0, 40, 40)
        ratios.append(parts[drawn].sum() / wholes[drawn].sum())
    (found,) = intervals(parts, wholes)
    assert found == pytest.approx(np.percentile(ratios, [2.5, 97.5]).tolist(), abs=0.02)
    assert found[0] < parts.sum() / wholes.sum() < found[1]


def test_the_mean_of_a_normal_sample_gets_its_known_interval():
    values = np.random.Generator(np.random.PCG64(1)).normal(5, 1, 400)
    (found,) = intervals(values, np.ones(400))
    half = 1.96 * values.std() / np.sqrt(400)
    assert found == pytest.approx([values.mean() - half, values.mean() + half], abs=0.01)


def test_columns_are_apart_and_one_image_tells_nothing():
    parts = [[1, 1, 0], [2, 0, 0], [3, 0, 0]]
    wholes = [[2, 2, 0], [4, 0, 0], [6, 0, 0]]
    constant, alone, nothing = intervals(parts, wholes)
    assert constant == pytest.approx([0.5, 0.5])
    assert (alone, nothing) == (None, None)


def test_it_repeats_and_does_not_depend_on_the_blocks(monkeypatch):
    random = np.random.Generator(np.random.PCG64(2))
    parts, wholes = random.random((30, 4)), random.random((30, 4)) + 1
    whole = intervals(parts, wholes)
    assert intervals(parts, wholes) == whole
    monkeypatch.setattr(bootstrap, "_BLOCK", 30 * 7)
    assert np.array(intervals(parts, wholes)) == pytest.approx(np.array(whole))


def test_every_image_is_drawn_equally_often_and_each_time_as_many_as_there_are():
    drawn = np.concatenate(list(bootstrap.times_drawn(7)))
    assert drawn.shape == (REPLICATES, 7)
    assert set(drawn.sum(axis=1)) == {7}
    assert drawn.mean(axis=0) == pytest.approx(np.ones(7), abs=0.15)
