import numpy as np

from shapeseg.evaluation.components import Component, connected_components, without_small


def test_each_part_has_its_box_area_and_mean_probability():
    probability = np.zeros((6, 9), np.float32)
    probability[4:6, 1:4] = 0.75  # 3 x 2, the lower one
    probability[0:3, 6:8] = 0.5
    probability[0, 6] = 1.0
    probability[2, 0] = 0.25  # below the threshold
    given = connected_components(probability, 0.5)
    assert given == [Component((6, 0, 2, 3), 6, (5 * 0.5 + 1.0) / 6), Component((1, 4, 3, 2), 6, 0.75)]


def test_parts_that_touch_by_a_corner_are_one_and_a_hole_is_not_counted():
    corner = np.eye(4, dtype=np.float32)
    assert connected_components(corner, 0.5) == [Component((0, 0, 4, 4), 4, 1.0)]
    ring = np.ones((3, 3), np.float32)
    ring[1, 1] = 0
    assert connected_components(ring, 0.5) == [Component((0, 0, 3, 3), 8, 1.0)]


def test_a_threshold_equal_to_a_probability_counts_it_and_nothing_found_is_nothing():
    half = np.full((2, 3), 0.5, np.float32)
    assert [part.area for part in connected_components(half, 0.5)] == [6]
    assert connected_components(half, 0.51) == []


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
