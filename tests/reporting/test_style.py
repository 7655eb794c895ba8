import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import shapeseg
from shapeseg.reporting.style import INVENTED, LOOKS, MISSED, PAPER, RIGHT, SCALE, UNKNOWABLE, css, shade


def oklab(color):
    """Lightness and the two opponent channels, as Ottosson defines them, of RGB, 0 to 255."""
    value = np.array(color) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    to_cones = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
    to_lab = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
              [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
    return np.array(to_lab) @ np.cbrt(np.array(to_cones) @ linear)


def test_the_scale_of_probabilities_is_one_hue_and_falls_in_equal_steps():
    lightness, green_red, blue_yellow = np.array([oklab(color) for color in SCALE]).T
    steps = -np.diff(lightness)
    assert steps.min() > 0.9 * steps.max()
    hues = np.degrees(np.arctan2(blue_yellow, green_red))[1:]
    assert np.ptp(hues) < 6


def test_a_probability_has_the_colour_between_its_neighbours_and_nan_is_white():
    shades = shade(np.array([0.0, 0.0625, 1.0, np.nan]))
    assert shades.dtype == np.uint8
    assert tuple(shades[0]) == tuple(shades[3]) == SCALE[0]
    assert tuple(shades[2]) == SCALE[-1]
    assert tuple(shades[1]) == tuple(np.rint(np.mean(SCALE[:2], axis=0)))
    assert np.array_equal(shade(np.array([True, False])), shade(np.array([1.0, 0.0])))


def test_what_pixels_are_is_told_apart_by_lightness():
    order = sorted(oklab(color)[0] for color in (PAPER, RIGHT, MISSED, INVENTED))
    assert all(after - before > 0.15 for before, after in pairwise(order))
    assert oklab(PAPER)[0] - oklab(UNKNOWABLE)[0] > 0.4


def test_no_two_arms_of_a_study_look_alike():
    assert len({color for color, _ in LOOKS}) == len({marker for _, marker in LOOKS}) == len(LOOKS)


@pytest.mark.parametrize("room", ["reporting", "workflows"])
def test_colours_stand_in_one_file(room):
    found = {
        path.name: re.findall(r'"#[0-9a-f]{6}"', path.read_text())
        for path in (Path(shapeseg.__file__).parent / room).rglob("*.py")
        if path.name != "style.py"
    }
    assert {name: colors for name, colors in found.items() if colors} == {}


def test_a_colour_for_pages_is_hexadecimal():
    assert css((213, 94, 0)) == "#d55e00"
