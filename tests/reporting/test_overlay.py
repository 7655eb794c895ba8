import numpy as np

from shapeseg.reporting.tiles import overlay


def test_what_was_found_keeps_its_colours_within_a_black_line_and_all_else_is_pale_and_grey():
    image = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (20, 30, 3), np.uint8)
    mask = np.zeros((20, 30), bool)
    mask[5:9, 10:20] = True
    picture = overlay(image, mask)
    line = np.zeros_like(mask)
    line[4:10, 9:21] = True
    line &= ~mask
    assert picture.dtype == np.uint8
    assert np.array_equal(picture[mask], image[mask])
    assert (picture[line] == 0).all()
    rest = picture[~mask & ~line]
    assert (rest == rest[:, :1]).all()
    assert rest.min() >= 165
    assert rest.max() <= 245


def test_the_line_grows_with_the_image():
    image = np.full((1600, 1700, 3), 200, np.uint8)
    mask = np.zeros((1600, 1700), bool)
    mask[800:, :] = True
    black = (overlay(image, mask) == 0).all(axis=2)
    assert np.flatnonzero(black[:, 0]).tolist() == [796, 797, 798, 799]
