"""Corruptions: what training never showed. Each is a pure function of (scene or image, kind, severity, seed, index).

Where what is drawn changes, the scene is changed and drawn again, so that the truth stays exact. A rotation moves image and
truth alike. All others change the image alone. Severities go from 1 (slight) to 5 (severe).

==============  ===============================================================================================
noise           normal noise on every channel of every pixel; standard deviation 8 to 96 of 255
blur            Gaussian blur; standard deviation 0.5 to 4 pixels
jpeg            JPEG compression; quality 80 to 5
contrast        every value drawn towards mid grey, to 80 to 10 per cent of its distance
background      the background drawn towards a random colour, by 20 to 100 per cent of the way
colors          each colour of shapes drawn towards a random one, by 20 to 100 per cent of the way
larger          canvas and shapes 1.25 to 3 times as large
smaller         canvas and shapes 0.8 to 0.25 times as large
rotation        turned about the centre, by 3 to 45 degrees
other look      edges anti-aliased; with growing severity, shapes shaded from left to right, down to 20 per cent
==============  ===============================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import Example, labels_of
from shapeseg.errors import InputError
from shapeseg.scenes import Scene
from shapeseg.scenes.instance import Instance
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.scene import Target
from shapeseg.scenes.settings import Color
from shapeseg.scenes.streams import Stream, words

Pixels = NDArray[np.uint8]

SEVERITIES = (1, 2, 3, 4, 5)


Change = Callable[[Example, float, np.random.Generator, Target], Example]


class Corruption(NamedTuple):
    """One kind of corruption.

    Attributes:
        strengths: The strength at each severity, in the unit below.
        unit: What the strengths mean.
        change: Called with the image, the strength, a generator and the target; returns the corrupted image with its truth.
        needs_recipe: Whether it works only where the scene is known.
    """

    strengths: tuple[float, float, float, float, float]
    unit: str
    change: Change
    needs_recipe: bool = False


def corrupt(example: Example, kind: str, severity: int, *, seed: int, index: int, target: Target = "visible") -> Example:
    """Returns a corrupted image with its truth. What is random is the same for every severity, only weaker or stronger.

    Args:
        example: The image as it is, with its scene if the corruption needs that.
        kind: One of ``CORRUPTIONS``.
        severity: 1 to 5.
        seed: 0 to 2**64 - 1.
        index: The image's own number.
        target: What a model must find.
    """
    corruption = CORRUPTIONS[kind]
    random = np.random.Generator(np.random.Philox(key=words(seed, Stream.CORRUPTION, index, 2)))
    return corruption.change(example, corruption.strengths[severity - 1], random, target)


def _of_image(change: Callable[[Pixels, float, np.random.Generator], Pixels]) -> Change:
    """Makes a corruption of a function that changes the image alone."""

    def changed(example: Example, strength: float, random: np.random.Generator, _target: Target) -> Example:
        return replace(example, image=change(example.image, strength, random))

    return changed


def _of_scene(change: Callable[[Scene, float, np.random.Generator], Scene]) -> Change:
    """Makes a corruption of a function that changes the scene."""

    def changed(example: Example, strength: float, random: np.random.Generator, target: Target) -> Example:
        truth = change(_scene(example), strength, random).render()
        return Example(example.place, truth.image, labels_of(truth, target), truth)

    return changed


def _scene(example: Example) -> Scene:
    if example.truth is None:
        raise InputError("this corruption needs the scene of an image", received=example.place, fix="Use others")
    return example.truth.scene


def _noise(image: Pixels, deviation: float, random: np.random.Generator) -> Pixels:
    noisy = image + np.float32(deviation) * random.standard_normal(image.shape, np.float32)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _blur(image: Pixels, deviation: float, _random: np.random.Generator) -> Pixels:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), deviation), np.uint8)


def _jpeg(image: Pixels, quality: float, _random: np.random.Generator) -> Pixels:
    _, content = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR_RGB), np.uint8)


def _contrast(image: Pixels, share: float, _random: np.random.Generator) -> Pixels:
    return np.rint(128 + (image.astype(np.float32) - 128) * np.float32(share)).astype(np.uint8)


def _rotated(example: Example, degrees: float, _random: np.random.Generator, _target: Target) -> Example:
    """Turns image and labels alike, each pixel taken from the nearest one; the corners show the scene's background."""
    height, width = example.labels.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    background = example.truth.scene.background if example.truth else (255, 255, 255)

    def turn(pixels: Pixels, border: tuple[int, ...]) -> Pixels:
        turned = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_NEAREST, borderValue=border)
        return np.asarray(turned, np.uint8)

    return Example(example.place, turn(example.image, background), turn(example.labels, (0,)))


def _drawn_otherwise(example: Example, shade: float, _random: np.random.Generator, _target: Target) -> Example:
    return replace(example, image=other_look(_scene(example), shade))


def _background(scene: Scene, way: float, random: np.random.Generator) -> Scene:
    return replace(scene, background=_towards(scene.background, way, random))


def _colors(scene: Scene, way: float, random: np.random.Generator) -> Scene:
    """Changes each colour, so that shapes of one colour stay of one colour."""
    colors = dict.fromkeys(instance.color for instance in scene.instances)
    changed = {color: _towards(color, way, random) for color in colors}
    return replace(scene, instances=tuple(each._replace(color=changed[each.color]) for each in scene.instances))


def _towards(color: Color, way: float, random: np.random.Generator) -> Color:
    goal = random.integers(0, 256, 3).tolist()
    red, green, blue = (round(old + way * (new - old)) for old, new in zip(color, goal, strict=True))
    return red, green, blue


def _scaled(scene: Scene, factor: float, _random: np.random.Generator) -> Scene:
    width, height = max(1, int(scene.width * factor)), max(1, int(scene.height * factor))

    def scale(instance: Instance) -> Instance:
        x, y, w, h = instance.box
        left, top = min(int(x * factor), width - 1), min(int(y * factor), height - 1)
        right, bottom = max(int((x + w) * factor), left + 1), max(int((y + h) * factor), top + 1)
        return instance._replace(box=(left, top, right - left, bottom - top))

    return replace(scene, width=width, height=height, instances=tuple(map(scale, scene.instances)), rule=None)


CORRUPTIONS = {
    "noise": Corruption((8, 16, 32, 64, 96), "standard deviation of 255", _of_image(_noise)),
    "blur": Corruption((0.5, 1, 2, 3, 4), "standard deviation in pixels", _of_image(_blur)),
    "jpeg": Corruption((80, 50, 25, 12, 5), "quality", _of_image(_jpeg)),
    "contrast": Corruption((0.8, 0.6, 0.4, 0.25, 0.1), "share of the contrast left", _of_image(_contrast)),
    "background": Corruption((0.2, 0.4, 0.6, 0.8, 1), "way to a random colour", _of_scene(_background), True),
    "colors": Corruption((0.2, 0.4, 0.6, 0.8, 1), "way to random colours", _of_scene(_colors), True),
    "larger": Corruption((1.25, 1.5, 2, 2.5, 3), "times as large", _of_scene(_scaled), True),
    "smaller": Corruption((0.8, 0.65, 0.5, 0.35, 0.25), "times as large", _of_scene(_scaled), True),
    "rotation": Corruption((3, 8, 15, 30, 45), "degrees", _rotated),
    "other look": Corruption((0, 0.2, 0.4, 0.6, 0.8), "darkest shade, edges smooth", _drawn_otherwise, True),
}


_FINE = 4  # each pixel is the mean of 4 x 4 finer ones


def other_look(scene: Scene, shade: float) -> NDArray[np.uint8]:
    """Draws a scene with anti-aliased edges: uint8 (H, W, 3), RGB.

    Args:
        scene: What to draw.
        shade: How much darker each shape is at its right end, 0 to 1; its left end has its own colour.
    """
    image = np.empty((_FINE * scene.height, _FINE * scene.width, 3), np.uint8)
    image[:] = np.array(scene.background, np.uint8)
    for instance in scene.instances:
        x, y, w, h = (_FINE * value for value in instance.box)
        stencil, _ = silhouette(instance.kind, w, h, instance.form)
        cv2.copyTo(_shaded(instance, w, h, shade), stencil, image[y : y + h, x : x + w])
    return np.asarray(cv2.resize(image, (scene.width, scene.height), interpolation=cv2.INTER_AREA), np.uint8)


def _shaded(instance: Instance, w: int, h: int, shade: float) -> NDArray[np.uint8]:
    ramp = 1 - shade * np.linspace(0, 1, w)[None, :, None]
    row = np.rint(ramp * np.array(instance.color, np.float64)).astype(np.uint8)
    return np.repeat(row, h, axis=0)
