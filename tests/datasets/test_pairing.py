"""Which mask belongs to which image."""

from pathlib import Path

import pytest

from shapeseg.datasets.pairing import common_ending, pair
from shapeseg.errors import InputError


def named(*names):
    return {Path(name).stem: Path(name) for name in names}


def paired(images, masks, **options):
    return pair(named(*images), named(*masks), Path("masks"), **options)


def test_equal_names_pair_and_nothing_is_told():
    assert paired(["b.jpg", "a.jpg"], ["a.png", "b.png"]) == ({"b": "b", "a": "a"}, [])


@pytest.mark.parametrize(
    ("images", "masks", "cut"),
    [
        (["21_training.tif", "22_training.tif"], ["21_manual1.gif", "22_manual1.gif"], ("_training", "_manual1")),
        (["car_10.jpg", "car_20.jpg"], ["car_10_mask.png", "car_20_mask.png"], ("nothing", "_mask")),
        (["7.png", "8.png"], ["7L.png", "8L.png"], ("nothing", "L")),
        (["x-im.png", "y-im.png"], ["x.png", "y.png"], ("-im", "nothing")),
        (["only.png"], ["only_mask.png"], ("nothing", "_mask")),
        (["21_training.tif"], ["21_manual1.gif"], ("_training", "_manual1")),
    ],
)
def test_what_all_names_end_with_is_cut_and_told(images, masks, cut):
    found, (note,) = paired(images, masks)
    assert list(found.items()) == [(Path(one).stem, Path(other).stem) for one, other in zip(images, masks, strict=True)]
    assert f"{cut[0]} is cut from images and {cut[1]} from masks" in note


def test_digits_and_parts_of_words_tell_images_apart():
    assert common_ending(["a10", "b10"]) == ""
    assert common_ending(["cat", "bat"]) == ""
    assert common_ending(["cat_left", "dog_left"]) == "_left"
    assert common_ending(["1a", "xa"]) == ""
    with pytest.raises(InputError):
        paired(["10.png", "20.png"], ["1_m.png", "2_m.png"])  # cut further, 10 would be the image of 1_m


def test_images_without_a_mask_are_an_error_or_left_out():
    with pytest.raises(InputError, match=r"1 images have no mask.*b\.jpg.*--skip-unlabelled"):
        pair(named("a.jpg", "b.jpg"), named("a.png"), Path.cwd())
    found, (note,) = paired(["a.jpg", "b.jpg"], ["a.png"], skip_unlabelled=True)
    assert found == {"a": "a"}
    assert "1 images without a mask are left out" in note
    with pytest.raises(InputError, match="no image has a mask"):
        paired(["a.jpg"], [], skip_unlabelled=True)


def test_masks_without_an_image_are_an_error_that_names_both():
    with pytest.raises(InputError, match=r"1 masks have no image\. Received: c\.png"):
        paired(["a.jpg"], ["a.png", "c.png"], skip_unlabelled=True)
    with pytest.raises(InputError, match=r"2 masks have no image, and 2 images no mask.*m1\.png and i1\.jpg"):
        paired(["i1.jpg", "i2.jpg"], ["m1.png", "m2.png"])


def test_masks_of_kinds_that_are_not_read_are_named(tmp_path):
    (tmp_path / "a.npy").touch()
    (tmp_path / ".DS_Store").touch()
    with pytest.raises(InputError, match=r"no mask, as \.npy files are not read\. .*PNG"):
        pair(named("a.jpg"), {}, tmp_path)
