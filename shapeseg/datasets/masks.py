"""The user's own masks: a file of any kind as values, and as a label map by the folder's description."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shapeseg.datasets.foreign_images import Unsuited, decoded, image_bytes, upright
from shapeseg.datasets.samples import Row
from shapeseg.description import Description, MaskValue
from shapeseg.labels import label_map

Labels = NDArray[np.uint8]

JPEG_THRESHOLD = 128
_COLOR = 1 << 24  # added to a colour, so that it is none of the numbers of grey masks


class MaskFile(NamedTuple):
    """What a mask file holds.

    Attributes:
        values: uint8, uint16 or uint32 (H, W): the grey value, the number in a palette, or the code of a colour.
        zeros: The values that are black, which is background where nothing else is said.
        was_jpeg: Whether it is a JPEG, which blurs edges: its values are 0 and 255, parted at 128.
    """

    values: NDArray[Any]
    zeros: tuple[int, ...]
    was_jpeg: bool

    def distinct(self) -> list[int]:
        """Returns the values that it holds, ascending."""
        if self.values.dtype == np.uint8:
            return np.flatnonzero(np.bincount(self.values.ravel(), minlength=256)).tolist()
        return np.unique(self.values).tolist()

    def labels(self, description: Description) -> Labels:
        """Returns its label map, uint8 (H, W), as in :mod:`shapeseg.labels`."""
        targets = [code_of(value) for value in description.target_values]
        target = _among(self.values, targets) if targets else ~_among(self.values, self.zeros)
        if description.void_value is None:
            return label_map(target)
        return label_map(target, ignored=_among(self.values, [code_of(description.void_value)]))


def read_mask_file(path: Path, *, orientation: int = 1) -> MaskFile:
    """Reads a mask.

    - Grey and 16-bit masks hold their values; 1-bit ones 0 and 255.
    - Palette masks hold the numbers of their colours; those that show black are background.
    - Colours are told apart exactly; grey ones are numbers, as in a grey mask. Transparency is not looked at.
    - JPEG masks are parted at 128 by their brightest channel.

    Args:
        path: Path of the file.
        orientation: EXIF orientation of its photograph, where the mask was drawn over the pixels as they are stored.

    Raises:
        InputError: If the file is missing, a link, too large, not a readable image; if its shape is in its transparency alone,
            or its values are not whole numbers from 0.
    """
    mask = decoded(path, image_bytes(path), lambda image: _mask_file(upright(image)))
    return mask if orientation == 1 else mask._replace(values=turned(mask.values, orientation))


def mask_of(folder: Path, row: Row) -> MaskFile:
    """Reads the mask of a row of the user's own data, turned as its photograph is."""
    return read_mask_file(folder / row["mask"], orientation=row.get("turn", 1))


def code_of(value: MaskValue) -> int:
    """Returns the number that stands for a value of a description.

    >>> code_of(7), code_of("#070707"), code_of("#070708") == 2**24 + 0x070708
    (7, 7, True)
    """
    if isinstance(value, int):
        return value
    color = int(value.removeprefix("#"), 16)
    red, green, blue = color >> 16, color >> 8 & 255, color & 255
    return red if red == green == blue else _COLOR + color


def shown(codes: Iterable[int], most: int = 12) -> str:
    """Returns values as people write them: ``0, 255, #ff0000``; of many, the first ones and how many there are."""
    listed = list(codes)
    words = [f"#{code - _COLOR:06x}" if code >= _COLOR else str(code) for code in listed[:most]]
    return ", ".join(words) + (f" ... ({len(listed)} values)" if len(listed) > most else "")


def turned(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turns pixels, (H, W) or (H, W, C), from how they are stored to how an EXIF orientation, 1 to 8, shows them."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _mask_file(image: Image.Image) -> MaskFile:
    if image.format in ("JPEG", "MPO"):
        return MaskFile(_parted(image), (0,), True)
    if image.mode == "P":
        return MaskFile(np.array(image), _black_numbers(image), False)
    _refuse_shape_in_alpha(image)
    if image.mode in ("1", "LA"):
        image = image.convert("L")
    elif image.mode not in ("L", "F") and not image.mode.startswith("I"):
        image = image.convert("RGB")
    values = np.array(image)
    if values.ndim == 3:
        return MaskFile(_color_codes(values), (0,), False)
    if image.mode in ("F", "I"):
        values = _whole(values)
    return MaskFile(values.astype(values.dtype.newbyteorder("=")), (0,), False)


def _parted(image: Image.Image) -> Labels:
    brightest = np.asarray(image if image.mode == "L" else image.convert("RGB"))
    if brightest.ndim == 3:
        brightest = brightest.max(axis=2)
    return np.where(brightest >= JPEG_THRESHOLD, np.uint8(255), np.uint8(0))


def _black_numbers(image: Image.Image) -> tuple[int, ...]:
    colors = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    return tuple(np.flatnonzero((colors == 0).all(axis=1)).tolist())


def _refuse_shape_in_alpha(image: Image.Image) -> None:
    if image.mode not in ("LA", "RGBA", "PA"):
        return
    *colors, alpha = image.convert("RGBA").split()
    if alpha.getextrema() not in ((0, 0), (255, 255)) and all(low == high for low, high in (c.getextrema() for c in colors)):
        what = "a mask has one colour, and its shape only in its transparency, which is not read"
        raise Unsuited(what, "Save the transparency as grey: magick IN.png -alpha extract OUT.png")


def _color_codes(pixels: NDArray[np.uint8]) -> NDArray[Any]:
    """Returns one number a pixel, uint8 (H, W) where all is grey, else uint32."""
    red, green, blue = (pixels[..., channel] for channel in range(3))
    grey = (red == green) & (green == blue)
    if grey.all():
        return red.copy()
    codes = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32) + np.uint32(_COLOR)
    codes[grey] = red[grey]
    return codes


def _whole(values: NDArray[Any]) -> NDArray[np.uint16]:
    if not ((values >= 0) & (values < 2**16) & (values == np.floor(values))).all():  # NaN is neither
        raise Unsuited("the values of a mask are whole numbers from 0 to 65535", "Save it as 8-bit grey")
    return values.astype(np.uint16)


def _among(values: NDArray[Any], codes: Iterable[int]) -> NDArray[np.bool_]:
    most = np.iinfo(values.dtype).max
    found = np.zeros(values.shape, bool)
    for code in codes:
        if code <= most:
            found |= values == code
    return found
