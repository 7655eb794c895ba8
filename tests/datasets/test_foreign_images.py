"""Image files of every kind that others make, some of them by accident or with bad intent."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from command_runs import run_python, succeed
from PIL import Image

from shapeseg.datasets.foreign_images import MAX_BYTES, read_foreign, read_rgb
from shapeseg.errors import InputError

FORMATS = {"png": {}, "jpg": {"quality": 95, "subsampling": 0}, "bmp": {}, "tif": {}, "webp": {"lossless": True}}
WHITE, RED = [255] * 3, [255, 0, 0]


def saved(path, image, **options):
    image.save(path, **options)
    return path


def blocks():
    """RGB of 32 x 16 whose quarters differ, so that every turn and mirror image of it is another picture."""
    quarters = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [40, 40, 40]]], np.uint8)
    return quarters.repeat(8, axis=0).repeat(16, axis=1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_read_whatever_the_file_is_called(suffix, tmp_path):
    path = saved(tmp_path / f"x.{suffix}", Image.fromarray(blocks()), **FORMATS[suffix])
    for name in (path.name, "other.txt"):
        path = path.rename(tmp_path / name)
        given = read_foreign(path)
        assert given.notes == []
        assert given.pixels.dtype == np.uint8
        difference = np.abs(given.pixels.astype(int) - blocks()).max()
        assert difference <= (6 if suffix == "jpg" else 0)


# What is stored for each EXIF orientation, so that the picture shown is always the same.
STORED = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(upright.swapaxes(0, 1), 2),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_eight_orientations_are_one_picture(suffix, tmp_path):
    for orientation, turn in STORED.items():
        stored = Image.fromarray(np.ascontiguousarray(turn(blocks())))
        exif = Image.Exif()
        exif[0x0112] = orientation
        given = read_rgb(saved(tmp_path / f"{orientation}.{suffix}", stored, exif=exif, **FORMATS[suffix]))
        assert given.shape == (16, 32, 3)
        assert np.abs(given.astype(int) - blocks()).max() <= (6 if suffix == "jpg" else 0), orientation


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):
    values = np.array([[0, 257, 100 * 257 + 128, 100 * 257 + 129, 65535]], np.uint16)
    expected = [[0] * 3, [1] * 3, [100] * 3, [101] * 3, WHITE]
    for name in ("x.png", "x.tif"):
        assert read_rgb(saved(tmp_path / name, Image.fromarray(values)))[0].tolist() == expected
    colour = png(3, 1, b"\0" + np.array([65535, 0, 0, 0, 256, 0, 0, 0, 511], ">u2").tobytes(), depth=16, colour=2)
    (tmp_path / "colour.png").write_bytes(colour)
    assert read_rgb(tmp_path / "colour.png")[0].tolist() == [RED, [0, 1, 0], [0, 0, 1]]


def test_floating_point_is_read_between_0_and_1_only(tmp_path):
    values = np.array([[0, 0.5, 1]], np.float32)
    assert read_rgb(saved(tmp_path / "x.tif", Image.fromarray(values)))[0].tolist() == [[0] * 3, [128] * 3, WHITE]
    for wrong in (-0.01, 1.01, np.nan, np.inf):
        values[0, 1] = wrong
        with pytest.raises(InputError, match="between 0 and 1"):
            read_rgb(saved(tmp_path / "x.tif", Image.fromarray(values)))
    with pytest.raises(InputError, match="no known range"):
        read_rgb(saved(tmp_path / "x.tif", Image.fromarray(np.array([[0, 255]], np.int32))))


def test_transparency_shows_white(tmp_path):
    rgba = Image.fromarray(np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 51]]], np.uint8))
    grey = Image.fromarray(np.array([[[7, 255], [7, 0]]], np.uint8))
    assert read_rgb(saved(tmp_path / "rgba.png", rgba))[0].tolist() == [RED, WHITE, [204] * 3]
    assert read_rgb(saved(tmp_path / "rgba.webp", rgba, lossless=True, exact=True))[0].tolist() == [RED, WHITE, [204] * 3]
    assert read_rgb(saved(tmp_path / "grey.png", grey))[0].tolist() == [[7] * 3, WHITE]
    for mode, kept, clear in (("L", 9, 3), ("I;16", 9 * 257, 3)):
        image = Image.new(mode, (2, 1), kept)
        image.putpixel((1, 0), clear)
        assert read_rgb(saved(tmp_path / "key.png", image, transparency=clear))[0].tolist() == [[9] * 3, WHITE], mode
    palette = Image.new("P", (2, 1), 1)
    palette.putpalette([9, 9, 9, 255, 0, 0])
    palette.putpixel((1, 0), 0)
    assert read_rgb(saved(tmp_path / "palette.png", palette, transparency=0))[0].tolist() == [RED, WHITE]


def test_an_image_of_nothing_but_transparency_is_told(tmp_path):
    given = read_foreign(saved(tmp_path / "x.png", Image.new("RGBA", (3, 2), (9, 9, 9, 0))))
    assert (given.pixels == 255).all()
    assert given.notes == ["it is transparent everywhere, so it was read as white"]


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_bits_and_palettes_are_read_as_what_they_show(mode, tmp_path):
    shown = Image.fromarray(blocks()).convert(mode)
    assert np.array_equal(read_rgb(saved(tmp_path / "x.png", shown)), np.asarray(shown.convert("RGB")))


def test_cmyk_is_converted_and_told_and_refused_where_it_may_be_inverted(tmp_path):
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 55))  # red, a little dark
    for path in (tmp_path / "x.tif", tmp_path / "x.jpg"):
        given = read_foreign(saved(path, cmyk))
        assert np.abs(given.pixels[8, 8].astype(int) - [200, 0, 0]).max() <= 2, path
        assert given.notes == ["its CMYK was converted without a colour profile"]
    content = (tmp_path / "x.jpg").read_bytes()
    start = content.index(b"\xff\xee")
    (tmp_path / "x.jpg").write_bytes(content[:start] + content[start + 16 :])  # all but Adobe's marker
    with pytest.raises(InputError, match=r"inverted.*x\.jpg"):
        read_foreign(tmp_path / "x.jpg")


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "gif"])
def test_of_several_frames_the_first_is_read_and_that_is_told(suffix, tmp_path):
    first, second = Image.new("RGB", (4, 3), "red"), Image.new("RGB", (4, 3), "blue")
    path = saved(tmp_path / f"x.{suffix}", first, save_all=True, append_images=[second], **FORMATS.get(suffix, {}))
    given = read_foreign(path)
    assert (given.pixels == RED).all()
    assert given.notes == ["only the first of its frames was read"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_cut_off_anywhere_is_refused_or_whole(suffix, tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(blocks()).save(buffer, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix), **FORMATS[suffix])
    content, path = buffer.getvalue(), tmp_path / "x"
    path.write_bytes(content)
    whole = read_rgb(path)
    refused = 0
    for length in range(0, len(content), 1 if len(content) < 400 else 7):
        path.write_bytes(content[:length])
        try:
            assert np.array_equal(read_rgb(path), whole), length
        except InputError:
            refused += 1
    assert refused >= 20


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, pixels=b"\0\0", depth=8, colour=0, extra=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def webp_canvas(side):
    """A WebP that says its canvas is this large, with one pixel in it."""
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "WEBP")
    size = struct.pack("<I", side - 1)[:3]
    frame = b"\0\0\0\0\0\0" + b"\0" * 6 + b"\x64\0\0\0" + buffer.getvalue()[12:]
    parts = ((b"VP8X", b"\x02\0\0\0" + size + size), (b"ANIM", b"\0" * 6), (b"ANMF", frame))
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(content)) + content for kind, content in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


READ_ALL = """
import re, sys
from pathlib import Path
from shapeseg.datasets.foreign_images import read_rgb
from shapeseg.errors import InputError
for path in sorted(Path().iterdir()):
    try:
        print(path.name, read_rgb(path).shape)
    except InputError as error:
        print(error)
sys.stderr.write(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.process
def test_bombs_are_refused_from_their_headers_in_little_memory(tmp_path):
    text = b"".join(chunk(b"tEXt", b"k%d\0v" % number) for number in range(100_000))
    swelling = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 1_000_000)) * 200
    bombs = {
        "a.png": png(50_000, 50_000, b"\0" * 1000),
        "b.png": png(16_385, 1),
        "c.png": png(8000, 8000),
        "d.webp": webp_canvas(16_383),
        "e.png": png(1, 1, extra=text),
        "f.png": png(1, 1, extra=swelling),
        "g.png": png(1, 1) + b"PK\x03\x04 and something else",
        "h.png": png(1, 1, extra=chunk(b"iCCP", b"p\0\0" + zlib.compress(b"\0" * 50_000_000))),
    }
    for name, content in bombs.items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "i.bmp").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    result = succeed(run_python("-c", READ_ALL, cwd=tmp_path))
    lines = result.stdout.splitlines()
    expected = (
        "bomb",
        "16384 pixels a side",
        "50,000,000 in all",
        "bomb",
        "e.png (1, 1, 3)",
        "Too much memory",
        "g.png (1, 1, 3)",
        "data too large",
        "at most 500,000,000 bytes",
    )
    for line, word in zip(lines, expected, strict=True):
        assert word in line
    assert int(result.stderr) < 300_000, "kB, the most ever held"


def test_a_link_is_followed_where_a_person_named_it(tmp_path):
    saved(tmp_path / "x.png", Image.new("RGB", (2, 2), "red"))
    (tmp_path / "link.png").symlink_to("x.png")
    assert (read_foreign(tmp_path / "link.png", follow=True).pixels == RED).all()


def test_other_formats_and_what_is_no_file_are_refused(tmp_path):
    Image.new("L", (2, 2)).save(tmp_path / "x.ppm")
    (tmp_path / "x.ppm").rename(tmp_path / "x.png")
    (tmp_path / "x.txt").write_text("no image")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("x.png")
    with pytest.raises(InputError, match=r"a link is not followed.*link\.png"):
        read_rgb(tmp_path / "link.png")
    for name, reason in (
        ("x.png", "not a readable"),
        ("x.txt", "not a readable"),
        ("pipe.png", "not a regular file"),
        ("none.png", "not a file"),
    ):
        with pytest.raises(InputError, match=f"{reason}.*{name}"):
            read_foreign(tmp_path / name)
