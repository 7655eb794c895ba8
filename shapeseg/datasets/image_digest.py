"""What an image is: its size and its decoded pixels, whatever file they came from."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def image_digest(image: NDArray[np.uint8]) -> bytes:
    """Returns the SHA-256 of size and pixels, 32 bytes.

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
    """
    height, width = image.shape[:2]
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()
