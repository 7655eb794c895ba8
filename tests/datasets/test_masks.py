"""Mask files of every kind, as values and as label maps."""

import numpy as np
import pytest
from PIL import Image

from shapeseg.datasets.masks import code_of, read_mask_file, shown, turned
from shapeseg.description import Description
from shapeseg.errors import InputError

VALUES = np.array([[0, 1, 2], [255, 1, 0]], np.uint8)


def saved(path, image, **options):
    image.save(path, **options)
    return path


def labels(path, **description):
    return read_mask_file(path).labels(Description(**description)).tolist()


def test_any_value_but_0_is_the_target(tmp_path):
    path = saved(tmp_path / "m.png", Image.fromarray(VALUES))
    assert read_mask_file(path).distinct() == [0, 1, 2, 255]
    assert labels(path) == [[0, 1, 1], [1, 1, 0]]


def test_values_name_the_target_and_what_does_not_count(tmp_path):
    path = saved(tmp_path / "m.png", Image.fromarray(VALUES))
    assert labels(path, target_values=(0,)) == [[1, 0, 0], [0, 0, 1]]
    assert labels(path, target_values=(1, 255)) == [[0, 1, 0], [1, 1, 0]]
    assert labels(path, void_value=255) == [[0, 1, 1], [255, 1, 0]]
    assert labels(path, target_values=(2,), void_value=0) == [[255, 0, 1], [0, 0, 255]]
    assert labels(path, target_values=(300,)) == [[0] * 3] * 2


def test_sixteen_bits_keep_their_values(tmp_path):
    for suffix in ("png", "tif"):
        path = saved(tmp_path / f"m.{suffix}", Image.fromarray(np.array([[0, 256, 65535]], np.uint16)))
        assert read_mask_file(path).distinct() == [0, 256, 65535]
        assert labels(path, target_values=(256,)) == [[0, 1, 0]]


def test_one_bit_is_0_and_255(tmp_path):
    path = saved(tmp_path / "m.png", Image.fromarray(VALUES != 0))
    assert read_mask_file(path).distinct() == [0, 255]
    assert labels(path) == [[0, 1, 1], [1, 1, 0]]


def palette(colors):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette([value for color in colors for value in color])
    return image


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_palette_counts_by_what_it_shows_and_is_named_by_its_numbers(suffix, tmp_path):
    path = saved(tmp_path / f"m.{suffix}", palette([(255, 0, 0), (0, 0, 0), (0, 255, 0)]))
    assert read_mask_file(path).distinct() == [0, 1, 2]
    assert labels(path) == [[1, 0, 1]]  # 1 is black
    assert labels(path, target_values=(2,)) == [[0, 0, 1]]


def test_a_black_palette_holds_no_target_until_its_numbers_are_named(tmp_path):
    path = saved(tmp_path / "m.png", palette([(0, 0, 0)] * 3))
    assert labels(path) == [[0, 0, 0]]
    assert labels(path, target_values=(1,)) == [[0, 1, 0]]


def test_colours_are_told_apart_and_grey_ones_are_numbers(tmp_path):
    pixels = np.array([[[0, 0, 0], [255, 0, 0], [255, 255, 255], [0, 0, 1]]], np.uint8)
    for image in (Image.fromarray(pixels), Image.fromarray(np.dstack([pixels, np.full((1, 4), 255, np.uint8)]))):
        path = saved(tmp_path / "m.png", image)
        assert shown(read_mask_file(path).distinct()) == "0, 255, #000001, #ff0000"
        assert labels(path) == [[0, 1, 1, 1]]
        assert labels(path, target_values=("#FF0000",), void_value=255) == [[0, 1, 255, 0]]
        assert labels(path, target_values=("#ffffff",)) == [[0, 0, 1, 0]]
    grey = saved(tmp_path / "g.png", Image.fromarray(np.full((1, 2, 3), 7, np.uint8)))
    assert read_mask_file(grey).distinct() == [7]


def test_of_many_values_the_first_are_shown():
    assert shown([code_of(value) for value in (3, "#030303", "#0a0b0c")]) == "3, 3, #0a0b0c"
    assert shown(range(20), 3) == "0, 1, 2 ... (20 values)"


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_is_parted_at_128(mode, tmp_path):
    truth = np.zeros((64, 64), np.uint8)
    truth[20:40, 10:50] = 255
    image = Image.fromarray(truth)
    if mode == "RGB":
        image = Image.merge("RGB", [image, Image.new("L", image.size), Image.new("L", image.size)])  # red
    mask = read_mask_file(saved(tmp_path / "m.jpg", image, quality=90, subsampling=0))
    assert mask.was_jpeg
    assert mask.distinct() == [0, 255]
    assert np.count_nonzero((mask.values != 0) != (truth != 0)) < 20
    assert mask.labels(Description(target_values=(0,)))[0, 0] == 1


def test_a_shape_that_is_in_transparency_alone_is_refused(tmp_path):
    alpha = np.zeros((4, 4), np.uint8)
    alpha[1:3] = 255
    for image in (
        Image.fromarray(np.dstack([np.zeros((4, 4, 3), np.uint8), alpha])),
        Image.fromarray(np.dstack([np.full((4, 4), 255, np.uint8), alpha])),
    ):
        with pytest.raises(InputError, match=r"only in its transparency.*alpha extract"):
            read_mask_file(saved(tmp_path / "m.png", image))
    drawn = np.dstack([np.repeat(alpha[..., None], 3, axis=2), alpha])
    assert labels(saved(tmp_path / "m.png", Image.fromarray(drawn))) == (alpha != 0).astype(int).tolist()
    empty = np.zeros((4, 4, 4), np.uint8)
    assert labels(saved(tmp_path / "m.png", Image.fromarray(empty))) == [[0] * 4] * 4


def test_numbers_must_be_whole(tmp_path):
    whole = saved(tmp_path / "m.tif", Image.fromarray(np.array([[0, 3]], np.float32)))
    assert read_mask_file(whole).distinct() == [0, 3]
    for wrong in (0.5, -1, np.nan, 70000):
        with pytest.raises(InputError, match="whole numbers"):
            read_mask_file(saved(tmp_path / "m.tif", Image.fromarray(np.array([[0, wrong]], np.float32))))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_is_what_a_viewer_does(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "m.png", Image.fromarray(VALUES), exif=exif)
    assert np.array_equal(read_mask_file(path).values, turned(VALUES, orientation))
    plain = saved(tmp_path / "p.png", Image.fromarray(VALUES))
    assert np.array_equal(read_mask_file(plain, orientation=orientation).values, turned(VALUES, orientation))
