"""Strangers' image files: read with care, by written rules, and written as PNG.

Pillow reads PNG, JPEG, BMP, TIFF, WebP and GIF and nothing else, whatever a file is called; the file's size is checked before
it is read, and that of the image in its header, before a pixel is decoded. Of several frames the first counts, and an EXIF
orientation is applied. A file that ends too early is refused, and so is a link: of a linked folder the files are read.
"""

from __future__ import annotations

import io
import os
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from shapeseg.errors import InputError, ShapesegError
from shapeseg.incoming import read_file
from shapeseg.scenes.settings import MAX_SIDE

MAX_PIXELS = 50_000_000
MAX_BYTES = 500_000_000  # the largest image at 16 bits a channel, with transparency and uncompressed, needs 400 MB
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif"}

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
_DARK_BITS = 12  # of 16: no value is brighter than a sixteenth of white
_EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")

Result = TypeVar("Result")


class ForeignImage(NamedTuple):
    """An image and what its reader should know.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, 0 to 255.
        notes: What was left out or assumed, each a clause.
    """

    pixels: NDArray[np.uint8]
    notes: list[str]


class Header(NamedTuple):
    """What the header of an image says.

    Attributes:
        width: Width of the image as it will be read, turned upright.
        height: The same.
        orientation: EXIF orientation, 1 to 8; 1 if there is none.
        kind: Format and mode, in Pillow's words: ``JPEG RGB``.
    """

    width: int
    height: int
    orientation: int
    kind: str

    @property
    def lies(self) -> bool:
        """Whether it is stored on its side, so that its width is stored as height."""
        return self.orientation >= 5


def read_foreign(path: Path, *, follow: bool = False, bits: int = 16) -> ForeignImage:
    """Reads any image as 8-bit RGB, and notes what was left out or assumed.

    - Grey, 1-bit and palette images become RGB.
    - Of 16-bit grey values the largest that ``bits`` bits can hold becomes white; 16-bit colours keep their upper 8 bits.
    - 32-bit floating-point values must be between 0 and 1, which becomes 255.
    - Transparent pixels show white behind them.
    - CMYK becomes ``255 - C - K + C K / 255`` and so on, without the file's colour profile. Adobe stores it inverted in JPEG
      files, and marks them; one without that mark does not say what it holds, and is refused.

    Args:
        path: Path of the file.
        follow: Follow a link: for a file named by the user.
        bits: That 16-bit images use, 8 to 16.

    Raises:
        InputError: If the file is missing, a link, too large, not a readable image, or of values whose range is unknown.
    """
    return decoded(path, image_bytes(path, follow=follow), lambda image: _rgb(upright(image), bits))


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Reads any image as uint8 (H, W, 3), RGB, 0 to 255, by the rules of :func:`read_foreign`."""
    return read_foreign(path).pixels


def read_numbers(path: Path) -> NDArray[np.uint8]:
    """Reads the class numbers of a palette or grey image as uint8 (H, W).

    Raises:
        InputError: If the file is missing, a link, too large, not a readable image, or has colours in place of numbers.
    """
    return decoded(path, image_bytes(path), lambda image: _numbers(upright(image)))


def image_bytes(path: Path, *, follow: bool = False) -> bytes:
    """Returns the content of an image file, which :func:`header_of` takes.

    Raises:
        InputError: If it is missing, not a regular file, too large, or a link and ``follow`` is not set.
    """
    try:
        return read_file(path, most=MAX_BYTES, follow=follow)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError("this is not a file", received=path, fix="Restore it, or remove what names it") from None
    except OSError as error:  # one of many images that may not be read
        raise InputError(f"a file cannot be read ({error.strerror})", received=path, fix="Check its permissions") from error


def header_of(content: bytes, path: Path) -> Header:
    """Returns what the header of an image says: no pixel is decoded, but of a PNG that says behind them how it is turned.

    Args:
        content: Content of the file.
        path: Path of the file, for errors.

    Raises:
        InputError: If it is too large, or no image.
    """
    return decoded(path, content, lambda image: _header(image, turns=b"eXIf" in content))


def images_by_stem(folder: Path) -> dict[str, Path]:
    """Returns the image files of a folder by their names without suffix, sorted; hidden files are skipped.

    Letters are composed in the keys (NFC), so that names that a Mac wrote decomposed are those that others wrote.

    Raises:
        InputError: If two files share a name, or one is a link, a pipe or a device.
    """
    with os.scandir(folder) as entries:
        listed = sorted((entry for entry in entries if is_image_name(entry.name)), key=lambda entry: entry.name)
    found: dict[str, Path] = {}
    for entry in listed:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            continue
        if not entry.is_file(follow_symlinks=False):
            what = "links among images are not followed" if entry.is_symlink() else "this is not a regular file"
            raise InputError(what, received=path, fix="Put a copy of the image there, or link the whole folder")
        stem = composed(path.stem)
        if stem in found:
            raise InputError("two files share one name", received=f"{found[stem]} and {path}", fix="Rename one")
        found[stem] = path
    return found


def is_image_name(name: str) -> bool:
    """Whether a file of this name should be an image: by its suffix, and not hidden, as companions that systems leave are."""
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def composed(name: str) -> str:
    """Returns a name with its letters composed (NFC): what file systems write as one letter or as two is one name."""
    return unicodedata.normalize("NFC", name)


def png_bytes(pixels: NDArray[np.uint8], palette: bytes | None = None) -> bytes:
    """Encodes uint8 (H, W, 3) RGB or (H, W) grey as PNG; with a palette (r, g, b of 256 numbers) the values are numbers."""
    image = Image.fromarray(pixels)
    if palette is not None:
        image.putpalette(palette)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def decoded(path: Path, content: bytes, convert: Callable[[Image.Image], Result]) -> Result:
    """Opens an image, once its size is known to be allowed, and returns what ``convert`` makes of it.

    Raises:
        InputError: If it is too large, no readable image, or :class:`Unsuited`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damage that decoders pass over; what they cannot pass over they raise
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                _check_size(path, image)
                return convert(image)
    except Unsuited as error:
        raise InputError(str(error), received=path, fix=error.fix) from None
    except (ShapesegError, MemoryError):
        raise
    except Exception as error:  # decoders meet damage in many ways
        reason = " ".join(str(error).split())
        raise InputError(f"a file is not a readable image ({reason})", received=path, fix="Remove or replace it") from error


def _check_size(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise InputError(
            f"an image has at most {MAX_SIDE} pixels a side and {MAX_PIXELS:,} in all",
            received=f"{path}, {width} x {height}",
            fix="Make it smaller, or cut it into tiles",
        )


def upright(image: Image.Image) -> Image.Image:
    """Turns an image as its EXIF orientation says, in place."""
    ImageOps.exif_transpose(image, in_place=True)  # a copy would forget which format it came from
    return image


def _header(image: Image.Image, *, turns: bool) -> Header:
    if turns and image.format == "PNG" and "exif" not in image.info:
        image.load()
    width, height = image.size
    # Not image.getexif(): that of a PNG decodes every pixel to look behind them.
    said = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    orientation = said if isinstance(said, int) and 1 <= said <= 8 else 1
    header = Header(width, height, orientation, f"{image.format} {image.mode}")
    by_itself = image.format == "TIFF"  # its size is turned when it is opened
    return header._replace(width=height, height=width) if header.lies and not by_itself else header


class Unsuited(ValueError):
    """Why an image that can be read cannot be used, and what to do about it."""

    def __init__(self, what: str, fix: str = "Convert it to 8-bit RGB") -> None:
        super().__init__(what)
        self.fix = fix


def _rgb(image: Image.Image, bits: int) -> ForeignImage:
    notes = ["only the first of its frames was read"] if getattr(image, "is_animated", False) else []
    if image.mode in _SIXTEEN_BITS:
        values = np.asarray(image)
        grey = _of_bits(values, bits)
        grey[values == image.info.get("transparency", -1)] = 255
        used = int(values.max()).bit_length()
        if bits == 16 and 0 < used <= _DARK_BITS:
            notes.append(f"its 16-bit values use {used} bits, so it is nearly black")
        return ForeignImage(np.repeat(grey[..., None], 3, axis=2), notes)
    if image.mode == "F":
        return ForeignImage(np.repeat(_unit_range(image)[..., None], 3, axis=2), notes)
    if image.mode not in _EIGHT_BITS:
        raise Unsuited(f"an image of mode {image.mode} has no known range")
    if image.mode == "CMYK":
        if isinstance(image, JpegImageFile) and "adobe" not in image.info:
            raise Unsuited("a CMYK JPEG without Adobe's marker does not say whether it is inverted")
        notes.append("its CMYK was converted without a colour profile")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() == (0, 0):
            notes.append("it is transparent everywhere, so it was read as white")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return ForeignImage(np.array(image.convert("RGB")), notes)


def _of_bits(values: NDArray[np.uint16], bits: int) -> NDArray[np.uint8]:
    """Returns grey values, uint16 (H, W), as uint8, rounded; the largest of so many bits, and all above, are white."""
    most = 2**bits - 1
    return ((np.minimum(values, most).astype(np.uint32) * 510 + most) // (2 * most)).astype(np.uint8)


def _unit_range(image: Image.Image) -> NDArray[np.uint8]:
    """Returns floating-point values 0 to 1 as uint8 (H, W), 0 to 255."""
    values = np.asarray(image)
    if not ((values >= 0) & (values <= 1)).all():  # NaN is neither
        raise Unsuited("an image of 32-bit numbers must stay between 0 and 1")
    return np.round(values * 255).astype(np.uint8)


def _numbers(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode not in ("P", "L", "1"):
        raise Unsuited(f"a mask of class numbers has 8 bits and one channel, not {image.mode}")
    return np.array(image).astype(np.uint8)
