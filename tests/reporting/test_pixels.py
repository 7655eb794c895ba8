import numpy as np

from shapeseg.reporting.pixels import ambiguous_pixels, error_map, hatch, overlay, unknowable_map
from shapeseg.reporting.style import INK, INVENTED, MISSED, PAPER, RIGHT, UNKNOWABLE, shade


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


def test_an_error_map_tells_right_missed_and_invented_apart():
    truth = np.array([[1, 1, 0, 0]], bool)
    predicted = np.array([[1, 0, 1, 0]], bool)
    shown = error_map(truth, predicted)
    assert shown.dtype == np.uint8
    assert [tuple(pixel) for pixel in shown[0].tolist()] == [RIGHT, MISSED, INVENTED, PAPER]


def test_ambiguous_pixels_are_hatched_in_the_colour_of_what_they_count_as():
    truth, predicted = np.zeros((2, 60, 60), bool)
    truth[:30], predicted[:, :30] = True, True
    ambiguous = np.zeros((60, 60), bool)
    ambiguous[15:45, 15:45] = True
    shown, plain = error_map(truth, predicted, ambiguous), error_map(truth, predicted)
    assert np.array_equal(shown[~ambiguous], plain[~ambiguous])
    lines = hatch(60, 60)
    assert 0.2 < lines.mean() <= 0.5
    assert (shown[ambiguous & ~lines] == 255).all()
    for place, color in (((slice(30), slice(30)), UNKNOWABLE), ((slice(30), slice(30, 60)), MISSED)):
        assert (shown[place][(ambiguous & lines)[place]] == color).all()
    for place, color in (((slice(30, 60), slice(30)), INVENTED), ((slice(30, 60), slice(30, 60)), UNKNOWABLE)):
        assert (shown[place][(ambiguous & lines)[place]] == color).all()


def test_what_cannot_be_known_is_shaded_and_outlined_and_the_rest_is_pale():
    image = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (20, 30, 3), np.uint8)
    exact = np.zeros((20, 30))
    exact[:5] = 1
    exact[8:12, 10:20] = 0.25
    exact[8, 10] = np.nan
    picture = unknowable_map(image, exact)
    ambiguous = ambiguous_pixels(exact)
    assert ambiguous.sum() == 40
    assert (picture[8:12, 11:20] == shade(np.array(0.25))).all()
    assert (picture[8, 10] == 255).all()
    assert (picture[7, 9:21] == INK).all()
    rest = picture.copy()
    rest[7:13, 9:21] = 230
    assert (rest == rest[..., :1]).all()
    assert rest.min() >= 205
    assert rest.max() <= 250
