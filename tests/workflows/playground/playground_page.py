"""The page as the tests see it: what it shows, read back, and what it must show, worked out anew in Python."""

from __future__ import annotations

import base64
import json

import numpy as np
from playground_frames import MODEL, WHITE

from shapeseg.reporting.style import INVENTED, MISSED, RIGHT, shade
from shapeseg.scenes import Scene

INK, OTHER, CHECK = (20, 25, 28), (211, 217, 219), (96, 125, 139)
ANSWERED = """() => {
  const { asked, sequence, search } = document.getElementById("stage").dataset;
  return asked === sequence && search !== "searching";
}"""


def answered(page):
    """Waits until the newest question is answered as well as it will be."""
    page.wait_for_function(ANSWERED)


def link_to(scene, place=0, change=None):
    content = json.dumps({"scene": scene if isinstance(scene, dict) else scene.to_dict(), "place": place, "change": change})
    return "#" + base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def kept(page):
    """Returns the scene that the link in the address holds, once it is kept."""
    answered(page)
    page.wait_for_timeout(500)
    letters = page.evaluate("location.hash.slice(1)")
    return Scene.from_dict(json.loads(base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4)))["scene"])


def shape(page, place):
    return page.locator("#shapes button").nth(place)


def centre(page, place):
    box = shape(page, place).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def numbers(page):
    return dict(zip(page.locator("#numbers dt").all_inner_texts(), page.locator("#numbers dd").all_inner_texts(), strict=True))


def written(value):
    return "undefined" if value is None else f"{value:.3f}"


def light(color):
    return tuple(int(channel + 0.65 * (255 - channel) + 0.5) for channel in color)


def expected_views(scene):
    """Returns what each panel shows, uint8 (H, W, 3), worked out anew from truth, belief and exact probability."""
    truth = scene.render()
    belief, exact, whole = MODEL.probabilities(truth.image[None])[0], truth.rectangle_probability, truth.target("amodal")
    row, column = np.indices(exact.shape)
    colors = shade(np.linspace(0, 1, 256)).astype(np.uint8)
    known = ~np.isnan(exact)
    target, predicted = truth.target(), belief >= MODEL.threshold

    def painted(*layers):
        picture = np.full((*exact.shape, 3), 255, np.uint8)
        for mask, color in layers:
            picture[mask] = color
        return picture

    exact_view = colors[np.floor(255 * np.where(known, exact, 0).astype(np.float32) + 0.5).astype(int)]
    exact_view[~known] = np.where(((row // 2 + column // 2) % 2 == 1)[~known, None], CHECK, 255)
    return {
        "truth": painted(
            (truth.instance_map > 0, OTHER),
            (whole & ~target, WHITE),
            (whole & ~target & ((row + column) % 4 < 2), INK),
            (target, INK),
        ),
        "exact": exact_view,
        "belief": colors[np.rint(np.rint(65535 * belief.astype(np.float64)) / 257).astype(int)],
        "errors": painted(
            (target & predicted, RIGHT),
            (target & ~predicted, MISSED),
            (target & ~predicted & ((row + column) % 3 == 0), light(MISSED)),
            (predicted & ~target, INVENTED),
            (predicted & ~target & (row % 2 == 0) & (column % 2 == 0), light(INVENTED)),
        ),
    }
