import math

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from shapeseg.scenes import Instance, Scene

sizes = st.integers(1, 48)
margins = st.integers(0, 5)


def drawn(kind, x, y, w, h):
    """The whole shape on a canvas that leaves 3 more pixels right of it and 2 below: bool (y + h + 2, x + w + 3)."""
    scene = Scene(x + w + 3, y + h + 2, (255, 255, 255), (Instance(kind, (x, y, w, h), (255, 0, 0)),))
    return scene.render().amodal_masks[0]


@given(margins, margins, sizes, sizes)
@example(0, 0, 1, 1)
def test_a_rectangle_is_its_box(x, y, w, h):
    mask = drawn("rectangle", x, y, w, h)
    assert mask.dtype == bool
    assert np.count_nonzero(mask) == w * h
    assert mask[y : y + h, x : x + w].all()


@given(margins, margins, sizes, sizes)
@example(0, 0, 1, 1)
@example(2, 3, 2, 40)
def test_an_ellipse_is_the_plain_formula_at_every_pixel(x, y, w, h):
    mask = drawn("ellipse", x, y, w, h)
    height, width = mask.shape
    for r in range(height):
        for c in range(width):
            inside = (h * (2 * c + 1 - 2 * x - w)) ** 2 + (w * (2 * r + 1 - 2 * y - h)) ** 2 <= (w * h) ** 2
            assert mask[r, c] == inside, (r, c)


@given(sizes, sizes)
def test_an_ellipse_is_symmetric(w, h):
    mask = drawn("ellipse", 0, 0, w, h)[:h, :w]
    assert np.array_equal(mask, mask[::-1])
    assert np.array_equal(mask, mask[:, ::-1])
    assert np.array_equal(mask.T, drawn("ellipse", 0, 0, h, w)[:w, :h])


@given(st.integers(8, 300), st.integers(8, 300))
def test_an_ellipse_has_about_the_area_of_geometry(w, h):
    # Each pixel that the outline cuts errs by less than 1; the outline cuts fewer than 2 (w + h) of them.
    area = np.count_nonzero(drawn("ellipse", 0, 0, w, h))
    assert abs(area - math.pi / 4 * w * h) < w + h


def test_a_worked_ellipse():
    # 4 x 3: (3 (2c - 3))^2 + (4 (2r - 2))^2 <= 144.
    # In the middle row 81 and 9 both fit; above and below 64 is added, and only 9 fits.
    worked = [[0, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 0]]
    assert drawn("ellipse", 0, 0, 4, 3)[:3, :4].astype(int).tolist() == worked


def test_a_vast_ellipse_does_not_overflow():
    w, h = 16384, 500
    mask = drawn("ellipse", 0, 0, w, h)
    assert abs(np.count_nonzero(mask) - math.pi / 4 * w * h) < w + h
    for r in range(0, h, 7):
        for c in (0, 1, 2, 100, 1500, w // 2, w - 3, w - 1):
            assert mask[r, c] == ((h * (2 * c + 1 - w)) ** 2 + (w * (2 * r + 1 - h)) ** 2 <= (w * h) ** 2), (r, c)
