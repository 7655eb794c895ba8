"""What the tests of the playground share: a model that needs no training, and frames taken apart as frame.py lays them out."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np

from shapeseg.inference.opened_model import OpenedModel

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


class FindsRed:
    """Says 0.9 of red pixels whose row is even, 0.3 of those whose row is odd, and 0.1 of all others."""

    def predict_on_batch(self, images):
        red = (images == np.array(RED, np.uint8)).all(axis=-1, keepdims=True)
        even = (np.arange(images.shape[1]) % 2 == 0)[:, None, None]
        return np.where(red, np.where(even, 0.9, 0.3), 0.1).astype(np.float32)


MODEL = OpenedModel(FindsRed(), stride=1, threshold=0.5)


class Frame(NamedTuple):
    head: dict
    instances: np.ndarray
    labels: np.ndarray
    belief: np.ndarray
    exact: np.ndarray


def taken_apart(content):
    """Returns header and planes of a frame."""
    (length,) = np.frombuffer(content, "<u4", 1)
    head = json.loads(content[4 : 4 + length])
    shape = head["scene"]["height"], head["scene"]["width"]
    pixels, start = shape[0] * shape[1], 4 + int(length)
    instances, labels = np.frombuffer(content, np.uint8, 2 * pixels, start).reshape(2, *shape)
    belief = np.frombuffer(content, "<u2", pixels, start + 2 * pixels).reshape(shape)
    return Frame(head, instances, labels, belief, np.frombuffer(content, "<f4", -1, start + 4 * pixels))
