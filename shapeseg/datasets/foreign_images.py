"""Strangers' image files: read with care, by written rules, and written as PNG.

Pillow reads PNG, JPEG, BMP, TIFF and WebP and nothing else; the size is checked in the header, before a pixel is decoded. Of
several frames the first counts, and an EXIF orientation is applied.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from shapeseg.errors import InputError, ShapesegError
from shapeseg.scenes.settings import MAX_SIDE

MAX_PIXELS = 50_000_000
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")

Result = TypeVar("Result")


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Reads any image as uint8 (H, W, 3), RGB, 0 to 255.

    16-bit grey values are divided by 257, so that white stays white. Transparent pixels show white behind them.

    Raises:
        InputError: If the file is missing, too large, no readable image, or of 32-bit numbers, whose range nobody knows.
    """
    return _read(path, path, lambda image: _rgb(ImageOps.exif_transpose(image)))


def read_foreground(path: Path) -> NDArray[np.uint8]:
    """Reads a mask as uint8 (H, W): 1 where its value is not 0 (in colour: not black), whatever its transparency."""
    return _read(path, path, lambda image: _foreground(ImageOps.exif_transpose(image)))


def read_numbers(path: Path) -> NDArray[np.uint8]:
    """Reads the class numbers of a palette or grey image as uint8 (H, W).

    Raises:
        InputError: If the file is missing, too large, no readable image, or has colours in place of numbers.
    """
    return _read(path, path, lambda image: _numbers(ImageOps.exif_transpose(image)))


def size_of(content: bytes, path: Path) -> tuple[int, int]:
    """Returns width and height of an image as it will be read, from its header: no pixel is decoded.

    Args:
        content: Of the file.
        path: Of the file, for errors.

    Raises:
        InputError: If it is too large, or no image.
    """
    return _read(path, io.BytesIO(content), _upright_size)


def images_by_stem(folder: Path) -> dict[str, Path]:
    """Returns the image files of a folder by their names without suffix, sorted.

    Raises:
        InputError: If two files share a name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            if path.stem in found:
                raise InputError("two files have one name", received=f"{found[path.stem]} and {path}", fix="Rename one")
            found[path.stem] = path
    return found


def png_bytes(pixels: NDArray[np.uint8], palette: bytes | None = None) -> bytes:
    """Encodes uint8 (H, W, 3) RGB or (H, W) grey as PNG; with a palette (r, g, b of 256 numbers) the values are numbers."""
    image = Image.fromarray(pixels)
    if palette is not None:
        image.putpalette(palette)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _read(path: Path, source: Path | io.BytesIO, convert: Callable[[Image.Image], Result]) -> Result:
    if not path.is_file():
        raise InputError("this is no file", received=path, fix="Restore it, or remove what names it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=_FORMATS) as image:
                _check_size(path, image)
                return convert(image)
    except _Unsuited as error:
        raise InputError(str(error), received=path, fix="Convert it to 8 bits a channel") from None
    except (ShapesegError, MemoryError):
        raise
    except Exception as error:  # decoders meet damage in many ways
        reason = " ".join(str(error).split())
        raise InputError(f"a file is no readable image ({reason})", received=path, fix="Remove or replace it") from error


def _check_size(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise InputError(
            f"an image has at most {MAX_SIDE} pixels a side and {MAX_PIXELS:,} in all",
            received=f"{path}, {width} x {height}",
            fix="Make it smaller, or cut it into tiles",
        )


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    # Not image.getexif(): that of a PNG decodes every pixel to look behind them. A TIFF has turned its size by itself.
    orientation = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    turned = orientation in (5, 6, 7, 8) and image.format != "TIFF"
    return (height, width) if turned else (width, height)


class _Unsuited(ValueError):
    """Why an image that can be read cannot be used."""


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in _SIXTEEN_BITS:
        grey = (np.asarray(image).astype(np.uint32) + 128) // 257
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise _Unsuited("an image of 32-bit numbers has no known range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def _foreground(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode == "P":
        image = image.convert("RGB")
    elif image.mode in ("LA", "RGBA"):
        image = image.convert(image.mode.removesuffix("A"))
    values = np.asarray(image) != 0
    return (values.any(axis=2) if values.ndim == 3 else values).astype(np.uint8)


def _numbers(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode not in ("P", "L", "1"):
        raise _Unsuited(f"a mask of class numbers is of 8 bits and one channel, not {image.mode}")
    return np.array(image).astype(np.uint8)
