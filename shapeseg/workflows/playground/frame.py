"""An answer on its way to the page: a header of JSON, and behind it the pixels, as few bytes each as show them exactly."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from shapeseg.workflows.playground.answer import Answer


def header(answer: Answer) -> dict[str, Any]:
    """Returns what accompanies the pixels of an answer, as plain JSON types."""
    truth = answer.truth
    return {
        "scene": truth.scene.to_dict(),
        "occlusion_rates": truth.occlusion_rates.tolist(),
        "numbers": answer.numbers,
        "pieces": [piece._asdict() for piece in answer.pieces],
    }


def encode(head: dict[str, Any], answer: Answer) -> bytes:
    """Returns the bytes of a frame, little-endian.

    uint32, the length of the header; the header; uint8 (H, W), which instance is seen; uint8 (H, W), labels; uint16 (H, W),
    the belief in 65535ths; float32 (K,), the exact probability of each ambiguous pixel, row by row, where it is known.
    """
    text = json.dumps(head, allow_nan=False, separators=(",", ":")).encode()
    belief = np.rint(np.clip(answer.belief, 0, 1).astype(np.float64) * 65535).astype("<u2")
    planes = (answer.truth.instance_map, answer.labels, belief, answer.exact.astype("<f4"))
    return b"".join([struct.pack("<I", len(text)), text, *(plane.tobytes() for plane in planes)])
