import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_erosion

from shapeseg.evaluation.boundary import band, boundary_counts, official_width

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def official_boundary(mask, width):
    """The published code in SciPy: a border of zeros, so many erosions by 3 x 3, and what they take away."""
    padded = np.pad(mask, 1)
    eroded = binary_erosion(padded, np.ones((3, 3)), iterations=width)
    return mask & ~eroded[1:-1, 1:-1]


@given(masks, st.integers(1, 7))
def test_a_band_is_the_published_one(mask, width):
    assert np.array_equal(band(mask, width), official_boundary(mask, width))


@given(arrays(bool, (2, 9, 11)), st.integers(1, 3))
def test_the_iou_of_the_bands_is_the_published_one(pair, width):
    truth, predicted = (official_boundary(mask, width) for mask in pair)
    union = (truth | predicted).sum()
    expected = (truth & predicted).sum() / union if union else None
    assert boundary_counts(*pair, width).iou == expected


def test_a_square_by_hand():
    # A 6 x 6 square, and the same moved by one pixel. Bands of 1: rings of 20 pixels.
    # The rings share the top row's and the bottom row's 5 columns, and the column lines cross nowhere else: 10 of 30.
    truth, moved = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    truth[2:8, 2:8] = moved[2:8, 3:9] = True
    assert band(truth, 1).sum() == 36 - 16
    counts = boundary_counts(truth, moved, 1)
    assert (counts.both, counts.missed, counts.invented) == (10, 10, 10)
    assert boundary_counts(truth, moved, 3).iou == 30 / 42  # bands that hold all of both squares: the plain IoU


@pytest.mark.parametrize(("height", "width", "expected"), [(224, 224, 6), (64, 64, 2), (10, 10, 1), (480, 640, 16), (1, 1, 1)])
def test_the_official_width_is_two_per_cent_of_the_diagonal(height, width, expected):
    assert official_width(height, width) == expected  # 0.02 * 316.8, 90.5, 14.1, 800, 1.4
