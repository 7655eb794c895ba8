"""Augmentation: what a shape is does not change when its image is mirrored, turned, recoloured, noisy or partly covered.

What happens to an example is a pure function of (seed, epoch, index). Every kind draws from words of its own, so that
switching one on changes no other.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shapeseg.scenes import Scene, SceneSettings
from shapeseg.scenes.drawing import draw_form, draw_instance
from shapeseg.scenes.settings import MAX_INSTANCES
from shapeseg.scenes.streams import Stream, below, words

Pixels = NDArray[np.uint8]
Augmentation = Literal["turn", "recolor", "noise", "paste"]

_CHANNEL_ORDERS = tuple(permutations(range(3)))
_NOISE = 24  # most that noise adds to or takes from a channel
_HEADER = 12  # words for everything but the noise of each pixel


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
    """Turns (8 ways, of image and labels alike), recolours (6 ways) and adds noise, as asked.

    Args:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        labels: uint8 (H, W).
        kinds: What to do; ``"paste"`` is done to scenes, by :func:`paste`.
        seed: Of the training run.
        epoch: 0 or more.
        index: The example's own number.

    Returns:
        Image and labels of the same shapes. Images that are not square are mirrored only.
    """
    turn, channels, *_ = words(seed, Stream.AUGMENTATION, index, _HEADER, attempt=epoch)
    if "recolor" in kinds:
        image = image[..., _CHANNEL_ORDERS[below(channels, 6)]]
    if "turn" in kinds:
        image, labels = _turn(image, below(turn, 8)), _turn(labels, below(turn, 8))
    if "noise" in kinds:
        image = _add_noise(image, seed, epoch, index)
    return image, labels


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
