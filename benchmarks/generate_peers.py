"""What shapeseg's generator is compared with: a plain Pillow loop, scikit-image's ``random_shapes``, and the bare files.

The loop and scikit-image draw 5 to 10 shapes of 20 to 40 pixels on 224 x 224, as shapeseg does by default. Neither has a
seed per sample, an instance map, areas or occlusion rates; scikit-image gives no mask either.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 224
COLORS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))


def pillow_pair() -> tuple[Image.Image, Image.Image]:
    """Draws an image and the mask of its visible rectangles, as a script that needs no more than this does."""
    image, mask = Image.new("RGB", (SIDE, SIDE), "white"), Image.new("L", (SIDE, SIDE))
    on_image, on_mask = ImageDraw.Draw(image), ImageDraw.Draw(mask)
    for _ in range(random.randint(5, 10)):
        width, height = random.randint(20, 40), random.randint(20, 40)
        left, top = random.randint(0, SIDE - width), random.randint(0, SIDE - height)
        box = (left, top, left + width - 1, top + height - 1)
        color = random.choice(COLORS)
        if random.random() < 0.5:
            on_image.rectangle(box, fill=color)
            on_mask.rectangle(box, fill=255)
        else:
            on_image.ellipse(box, fill=color)
            on_mask.ellipse(box, fill=0)
    return image, mask


def save_pillow_pairs(folder: Path, count: int) -> None:
    """Draws pairs and saves each as two PNG files."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        image, mask = pillow_pair()
        image.save(folder / "images" / f"{number:06d}.png")
        mask.save(folder / "masks" / f"{number:06d}.png")


def write_bare_files(folder: Path, count: int) -> None:
    """Writes three files a sample, each with the bytes of the first one: the time that the file system takes."""
    from shapeseg.datasets.samples import FOLDERS, encode_sample
    from shapeseg.files import write_new_bytes
    from shapeseg.scenes import SceneSettings, sample_scene

    _, contents = encode_sample(sample_scene(SceneSettings(), seed=0, index=0), 0, "train")
    for name in FOLDERS.values():
        (folder / name).mkdir(parents=True)
    for number in range(count):
        for role, content in contents.items():
            write_new_bytes(f"{folder}/{FOLDERS[role]}/{number:06d}.png", content)


def skimage_image(number: int) -> NDArray[np.uint8]:
    """Draws rectangles when ``number`` is even and ellipses when it is odd: scikit-image mixes all of its kinds, or none.

    Returns:
        uint8 (224, 224, 3), RGB, 0 to 255.
    """
    from skimage.draw import random_shapes

    image, _ = random_shapes(
        (SIDE, SIDE),
        min_shapes=5,
        max_shapes=10,
        min_size=20,
        max_size=40,
        num_channels=3,
        shape=("rectangle", "ellipse")[number % 2],
        allow_overlap=True,
    )
    return image
