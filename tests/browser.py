"""A real headless Chromium for the tests of pages, and what they ask of every page."""

from __future__ import annotations

import base64
import shutil
from contextlib import contextmanager
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

CHROMIUM = shutil.which("chromium")
_DRIVERS = ("playwright", "axe_playwright_python")
needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; on Debian, `make browser` installs it"),
    pytest.mark.skipif(not all(map(find_spec, _DRIVERS)), reason=f"not installed: {' or '.join(_DRIVERS)}"),
]
SCREENS = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]
PAPERS = {"light": "rgb(252, 252, 250)", "dark": "rgb(20, 25, 28)"}
_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

# The least contrast between a text and what it stands on, over all visible texts, with the text; as WCAG 2 computes it.
LEAST_CONTRAST = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => color.slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("script, :disabled, option")) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const front = parse(element instanceof SVGElement ? style.fill : style.color);
    const [low, high] = [luminance(front), luminance(behind(element))].sort((one, other) => one - other);
    found.push([(high + 0.05) / (low + 0.05), walker.currentNode.data.trim()]);
  }
  return found.sort((one, other) => one[0] - other[0])[0];
}"""


@contextmanager
def launched():
    """Yields a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visits(browser):
    """Yields a function that opens an address, and a list of all that is fetched; in the end, no page complained."""
    contexts, complaints, requests = [], [], []

    def visit(address, width=1280, height=800, scheme="light", **options):
        viewport = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=viewport, color_scheme=scheme, **options))
        contexts[-1].set_default_timeout(60_000)
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda socket: requests.append(socket.url))
        page.goto(address)
        return page

    yield visit, requests
    for context in contexts:
        context.close()
    assert complaints == []


def pixels(canvas):
    """What a canvas shows: uint8 (H, W, 3)."""
    content = canvas.evaluate("canvas => canvas.toDataURL('image/png').split(',')[1]")
    return cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR_RGB)


def check_can_be_read(page, width, scheme):
    """Checks that a page fits its screen, is of its colour scheme, and that every text stands out from what is behind it."""
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPERS[scheme]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contrast, text = page.evaluate(LEAST_CONTRAST)
    assert contrast >= 4.5, text


def check_accessible(page):
    """Checks by axe that nothing on a page keeps somebody out."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [(each["id"], each["impact"], [node["html"] for node in each["nodes"]]) for each in found]
    assert [each for each in told if each[1] in ("serious", "critical")] == []
