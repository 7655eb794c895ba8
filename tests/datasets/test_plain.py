import os
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from shapeseg.datasets import Dataset
from shapeseg.datasets.foreign_images import read_rgb, size_of
from shapeseg.errors import InputError


def write(folder, name, image, mask):
    for room, pixels in (("images", image), ("masks", mask)):
        (folder / room).mkdir(parents=True, exist_ok=True)
        pixels.save(folder / room / name)


@pytest.fixture
def plain(tmp_path):
    for number in range(12):
        mask = np.zeros((16, 24), np.uint8)
        mask[2 : 4 + number % 5, 3:9] = 1 + number
        write(tmp_path / "mine", f"photo {number}.png", Image.new("RGB", (24, 16), (number, 2, 3)), Image.fromarray(mask))
    return tmp_path / "mine"


def test_names_pair_images_with_masks(plain):
    data = Dataset(plain)
    assert len(data) == 12
    for row, image, mask in data:
        number = int(row["image_id"].split()[1])
        assert image.shape == (16, 24, 3)
        assert (image == (number, 2, 3)).all()
        expected = np.zeros((16, 24), bool)
        expected[2 : 4 + number % 5, 3:9] = True
        assert np.array_equal(mask != 0, expected)
    assert not data.has_recipes
    assert {row["split"] for row in data.rows} == {"train", "val", "test", "holdout"}


def test_its_feed_serves_zeros_and_ones(plain):
    images, masks = Dataset(plain).split("train").feed(4)[0]
    assert images.shape == (4, 16, 24, 3)
    assert set(np.unique(masks)) == {0, 1}


def test_a_mask_with_colours_counts_wherever_it_is_not_black(plain):
    mask = np.zeros((16, 24, 3), np.uint8)
    mask[1, 1] = (0, 0, 1)
    write(plain, "photo 0.png", Image.new("RGB", (24, 16)), Image.fromarray(mask))
    assert np.argwhere(Dataset(plain)[0].mask).tolist() == [[1, 1]]


def test_its_digest_names_its_content(plain):
    before = Dataset(plain).digest()
    assert Dataset(plain).digest() == before
    write(plain, "photo 3.png", Image.new("RGB", (24, 16), (9, 9, 9)), Image.new("L", (24, 16)))
    assert Dataset(plain).digest() != before


def test_names_that_do_not_pair_and_files_that_are_no_images_are_refused(plain):
    (plain / "masks/photo 5.png").rename(plain / "masks/other.png")
    with pytest.raises(InputError, match="not both in images and in masks"):
        Dataset(plain)
    (plain / "masks/other.png").rename(plain / "masks/photo 5.png")
    (plain / "images/photo 5.png").write_text("no image")
    with pytest.raises(InputError, match="no readable image"):
        Dataset(plain)
    write(plain, "photo 5.png", Image.new("RGB", (24, 16)), Image.new("L", (25, 16)))
    with pytest.raises(InputError, match="its image's size"):
        Dataset(plain)


def test_an_empty_folder_is_no_dataset(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="no images"):
        Dataset(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_in_the_header_is_that_of_the_upright_image(orientation, suffix, tmp_path):
    image = Image.new("RGB", (24, 16))
    exif = image.getexif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    image.save(path, exif=exif)
    height, width = read_rgb(path).shape[:2]
    assert size_of(path.read_bytes(), path) == (width, height) == ((24, 16) if orientation < 5 else (16, 24))


@pytest.mark.parametrize("role", ["images", "masks"])
def test_a_truncated_file_is_refused_before_it_is_used(role, plain):
    path = plain / role / "photo 5.png"
    path.write_bytes(path.read_bytes()[:60])  # header and a few pixels
    with pytest.raises(InputError, match=r"no readable image.*photo 5"):
        Dataset(plain).refuse_damage()


def test_an_image_that_turns_behind_its_pixels_is_refused_before_it_is_used(plain):
    """A PNG may say only after its pixels that it is to be turned; its header alone then tells the wrong size."""
    path = plain / "images/photo 5.png"
    content, exif = path.read_bytes(), Image.Exif()
    exif[0x0112] = 6
    turn = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(turn) - 4) + turn + struct.pack(">I", zlib.crc32(turn))
    path.write_bytes(content[:-12] + chunk + content[-12:])
    with pytest.raises(InputError, match=r"another size.*photo 5.png, 16 x 24"):
        Dataset(plain).refuse_damage()


def test_a_folder_without_damage_is_not_refused(plain):
    Dataset(plain).refuse_damage()


@pytest.mark.parametrize("role", ["images", "masks"])
def test_a_file_that_vanishes_while_it_is_served_is_told_by_its_path(role, plain):
    feed = Dataset(plain).feed(1)
    feed[0]
    path = sorted((plain / role).iterdir())[1]
    path.unlink()
    with pytest.raises(InputError, match=re.escape(str(path))):
        feed[1]


def test_a_name_that_is_no_utf_8_is_told_in_letters(plain):
    for folder in ("images", "masks"):
        (plain / folder / "photo 0.png").rename(os.fsdecode(os.fsencode(plain / folder) + b"/\xff.png"))
    data = Dataset(plain)
    assert data.rows[-1]["image_id"] == "\\xff"
    assert data.image(len(data) - 1).shape == (16, 24, 3)
