import numpy as np

from shapeseg.evaluation.components import without_small


def test_pieces_below_the_least_size_go():
    # Pieces of 3, 1, 2 pixels; the two of the second row touch the first piece by a corner only.
    predicted = np.array([[1, 1, 0, 1], [1, 0, 0, 0], [0, 1, 1, 0]], bool)
    assert np.array_equal(without_small(predicted, 1), predicted)
    assert without_small(predicted, 2).sum() == 5
    assert np.array_equal(without_small(predicted, 3), [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert not without_small(predicted, 4).any()


def test_the_background_is_no_piece():
    assert not without_small(np.zeros((9, 9), bool), 3).any()
    assert without_small(np.ones((2, 2), bool), 4).all()
