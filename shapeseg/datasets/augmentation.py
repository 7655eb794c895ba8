"""Augmentation: what a shape is does not change when its image is mirrored, turned, recoloured, noisy or partly covered.

Of photographs, less is taken for granted: they are mirrored from left to right, shown in other light, and (by
:mod:`shapeseg.datasets.sizes`) larger or smaller. What happens to an example is a pure function of (seed, epoch, index). Every
kind has its own random stream, so that switching one on changes no other.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes import Scene, SceneSettings
from shapeseg.scenes.drawing import draw_form, draw_instance
from shapeseg.scenes.settings import MAX_INSTANCES
from shapeseg.scenes.streams import Stream, below, words

Pixels = NDArray[np.uint8]
Augmentation = Literal["turn", "recolor", "noise", "paste", "flip", "light", "scale"]
OF_SHAPES: tuple[Augmentation, ...] = ("turn", "recolor", "paste")
"""What is usual for drawn shapes."""
OF_PHOTOGRAPHS: tuple[Augmentation, ...] = ("flip", "light", "scale")
"""What is usual for the user's own images."""

_CHANNEL_ORDERS = tuple(permutations(range(3)))
_NOISE = 24  # most that noise adds to or takes from a channel
_HEADER = 14  # words for everything but the noise of each pixel: 0 turn, 1 channels, 2 to 9 paste, 10 flip, 12 and 13 light
_FINE = 2**20
_CONTRAST, _BRIGHTNESS = 0.25, 32  # most that contrast is changed by, and added to or taken from all values


def paste(scene: Scene, shapes: SceneSettings, *, seed: int, epoch: int, index: int) -> Scene:
    """Puts one more shape in front of a scene, in one example of two; truth and ambiguity follow from rendering it."""
    random = words(seed, Stream.AUGMENTATION, index, _HEADER, attempt=epoch)[2:]
    fits = shapes.max_size <= min(scene.width, scene.height) and len(scene.instances) < MAX_INSTANCES
    if below(random[0], 2) or not fits:
        return scene
    fitting = replace(shapes, width=scene.width, height=scene.height)
    shape = draw_form(draw_instance(fitting, random[1:6], random[6]), random[7])
    # It is in front by construction, so that the scene is none that its dataset could hold.
    return replace(scene, instances=(*scene.instances, shape), rule=scene.rule and scene.rule.without_occlusion())


def augment(
    image: Pixels, labels: Pixels, kinds: tuple[Augmentation, ...], *, seed: int, epoch: int, index: int
) -> tuple[Pixels, Pixels]:
    """Turns or flips (image and labels alike), recolours (6 ways), changes the light and adds noise, as asked.

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        labels: (H, W) or (H, W, C).
        kinds: What to do; ``"paste"`` is done to scenes, by :func:`paste`, and ``"scale"`` by :mod:`shapeseg.datasets.sizes`.
        seed: Seed of the training run.
        epoch: 0 or more.
        index: The example's own number.

    Returns:
        Image and labels of the same shapes. Images that are not square are mirrored only.
    """
    random = words(seed, Stream.AUGMENTATION, index, _HEADER, attempt=epoch)
    turn, channels = random[:2]
    if "recolor" in kinds:
        image = image[..., _CHANNEL_ORDERS[below(channels, 6)]]
    if "turn" in kinds:
        image, labels = _turn(image, below(turn, 8)), _turn(labels, below(turn, 8))
    if "flip" in kinds and below(random[10], 2):
        image, labels = image[:, ::-1], labels[:, ::-1]
    if "light" in kinds:
        image = _relit(image, *random[12:])
    if "noise" in kinds:
        image = _add_noise(image, seed, epoch, index)
    return image, labels


def _relit(image: Pixels, contrast: int, brightness: int) -> Pixels:
    """Changes contrast, around the middle grey, and brightness, each uniformly."""
    factor, shift = (2 * below(word, _FINE + 1) / _FINE - 1 for word in (contrast, brightness))
    values = (np.arange(256) - 128) * (1 + _CONTRAST * factor) + 128 + _BRIGHTNESS * shift
    return cv2.LUT(np.ascontiguousarray(image), np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _turn(pixels: Pixels, turn: int) -> Pixels:
    if turn & 1:
        pixels = pixels[::-1]
    if turn & 2:
        pixels = pixels[:, ::-1]
    if turn & 4 and pixels.shape[0] == pixels.shape[1]:
        pixels = pixels.swapaxes(0, 1)
    return pixels


def _add_noise(image: Pixels, seed: int, epoch: int, index: int) -> Pixels:
    """Adds to each channel of each pixel a number that is uniform up to a strength drawn for the image."""
    random = np.array(words(seed, Stream.NOISE, index, 1 + -(-image.size // 8), attempt=epoch), np.uint64)
    strength = below(int(random[0]), _NOISE + 1)
    bytes_ = random[1:].view(np.uint8)[: image.size].reshape(image.shape).astype(np.int16)
    noise = (bytes_ * (2 * strength + 1) >> 8) - strength
    return np.clip(image + noise, 0, 255).astype(np.uint8)
