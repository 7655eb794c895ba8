import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from shapeseg.datasets.png import decode_png, encode_png, png_size

SHAPES = [(1, 1), (1, 1, 3), (7, 300), (300, 7, 3), (64, 64, 3)]


def random_pixels(shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_is_a_plain_png_of_its_pixels(shape):
    pixels = random_pixels(shape)
    with Image.open(io.BytesIO(encode_png(pixels))) as image:
        assert image.format == "PNG"
        assert image.mode == ("RGB" if len(shape) == 3 else "L")
        assert not image.info
        assert np.array_equal(np.array(image), pixels)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_is_read_back_exactly(shape):
    pixels = random_pixels(shape)
    again = decode_png(encode_png(pixels))
    assert again.dtype == np.uint8
    assert again.shape == shape
    assert np.array_equal(again, pixels)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3)])
def test_a_change_of_any_byte_and_a_cut_anywhere_are_noticed(shape):
    content = encode_png(random_pixels(shape))
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        assert decode_png(bytes(changed)) is None
        assert decode_png(content[:place]) is None
    assert decode_png(content + b"\0") is None


def chunk(kind, content):
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("rows", "rest"),
    [
        (b"\0ab\0cd", b""),  # whole: the others differ from this one alone
        (b"\0ab\2cd", b""),  # a filter
        (b"\0ab\0c", b""),  # a value too few
        (b"\0ab\0cd\0", b""),  # one too many
        (bytes(10**6), b""),  # many too many
        (b"\0ab\0cd", b"more"),
    ],
)
def test_a_file_with_right_sums_and_wrong_rows_is_not_read(rows, rest):
    content = encode_png(np.array([[97, 98], [99, 100]], np.uint8))
    made = content[:33] + chunk(b"IDAT", zlib.compress(rows) + rest) + chunk(b"IEND", b"")
    if rows == b"\0ab\0cd" and not rest:
        assert decode_png(made).tolist() == [[97, 98], [99, 100]]
    else:
        assert decode_png(made) is None


def test_a_file_of_packed_nonsense_and_one_without_pixels_are_not_read():
    content = encode_png(np.zeros((2, 2), np.uint8))
    nowhere = content[:8] + chunk(b"IHDR", bytes(8) + b"\x08\0\0\0\0")
    assert decode_png(content[:33] + chunk(b"IDAT", b"nonsense") + chunk(b"IEND", b"")) is None
    assert decode_png(nowhere + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")) is None


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "I;16"])
def test_files_of_others_are_not_read(mode):
    buffer = io.BytesIO()
    Image.new(mode, (40, 30)).save(buffer, "PNG", compress_level=9)
    pixels = decode_png(buffer.getvalue())
    assert pixels is None or (mode in ("RGB", "L") and not pixels.any())


def test_a_file_whose_pieces_reach_beyond_its_end_has_no_size():
    content = encode_png(np.zeros((4, 6), np.uint8))
    assert png_size(content) == (6, 4)
    place = content.index(b"IDAT") - 4
    for length in (0, 2**20, 2**31 - 1, 2**32 - 1):
        assert png_size(content[:place] + struct.pack(">I", length) + content[place + 4 :]) is None
    for cut in (7, 20, 30, len(content) - 1, len(content) - 14):
        assert png_size(content[:cut]) is None
    assert png_size(content + b"more") is None
