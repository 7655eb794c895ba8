"""A folder of one's own, as small as can be: bright boxes on dark noise."""

import numpy as np
from PIL import Image


def draw(folder, name, number, values=(0, 1, 255), size=(32, 32), ending="_mask"):
    """Draws an image of (width, height) and its mask: background, a box, and what does not count in a corner."""
    for room in ("images", "masks"):
        (folder / room).mkdir(parents=True, exist_ok=True)
    random = np.random.Generator(np.random.PCG64(number))
    width, height = size
    image = random.integers(0, 90, (height, width, 3), np.uint8)
    mask = np.full((height, width), values[0], np.uint8)
    x, y = random.integers(0, (width - 12, height - 12))
    image[y : y + 12, x : x + 12] += 120
    mask[y : y + 12, x : x + 12] = values[1]
    mask[:4, :4] = values[2]
    Image.fromarray(image).save(folder / "images" / f"{name}.png")
    Image.fromarray(mask).save(folder / "masks" / f"{name}{ending}.png")


def draw_all(folder, count=12, **options):
    """Draws images p00, p01 ... and returns their folder."""
    for number in range(count):
        draw(folder, f"p{number:02}", number, **options)
    return folder
