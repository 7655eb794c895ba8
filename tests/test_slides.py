"""The deck of notebook 5, in a real headless Chromium: every slide fits, every picture is seen, and nothing is fetched."""

import json
import re

import pytest
from browser import needs_chromium, visits
from command_runs import REPOSITORY
from nbconvert import SlidesExporter

pytestmark = needs_chromium
NOTEBOOK = REPOSITORY / "notebooks/5_presentation.ipynb"
SIZE = {"width": 1280, "height": 720}
# What of a slide is cut off or too small to be read from the back of a room, in words.
FAULTS = """() => slides.flatMap((slide, place) => {
  const found = [];
  const name = `slide ${place + 1}`;
  const [width, height] = [slide.scrollWidth, slide.scrollHeight];
  if (width > 1280 || height > 720) found.push(`${name} overflows: ${width} x ${height}`);
  for (const image of slide.querySelectorAll("img")) {
    const [across, down] = [image.clientWidth, image.clientHeight];
    if (Math.min(across, down) < 150) found.push(`${name}: a picture of ${across} x ${down}`);
    if (!image.alt) found.push(`${name}: a picture without a text`);
  }
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (walker.currentNode.data.trim() && !element.closest(".notes") && size < 24) found.push(`${name}: text of ${size} px`);
  }
  return found;
})"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """The committed notebook as slides, as ``make slides`` makes them."""
    exporter = SlidesExporter(
        template_name="slides", extra_template_basedirs=[str(REPOSITORY / "notebooks")], exclude_input=True
    )
    path = tmp_path_factory.mktemp("deck") / "deck.html"
    path.write_text(exporter.from_filename(NOTEBOOK)[0])
    return path


@pytest.fixture
def page(browser, deck):
    """The deck on a screen of 1280 x 720; in the end, nothing was fetched and nothing complained."""
    with visits(browser) as (visit, requests):
        yield visit(deck.as_uri(), **SIZE)
    assert {url for url in requests if not url.startswith("data:")} == {deck.as_uri()}


def pictures_of_the_notebook():
    """How many pictures its cells show, but for those that are on no slide."""
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    outputs = [each for cell in cells if cell["metadata"]["slideshow"]["slide_type"] != "skip" for each in cell["outputs"]]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def shown(page):
    return page.locator(".slide.current").get_attribute("data-number")


def test_no_slide_overflows_and_each_can_be_read(page):
    assert page.evaluate(FAULTS) == []


def test_every_picture_of_the_notebook_is_on_a_slide(page):
    assert page.locator(".slide img").count() == pictures_of_the_notebook() > 6


def test_a_slide_that_is_too_full_would_be_seen(page):
    page.evaluate("slides[2].insertAdjacentHTML('beforeend', '<p style=\"font-size: 12px; height: 900px\">too much</p>')")
    faults = page.evaluate(FAULTS)
    assert any(fault.startswith("slide 3 overflows") for fault in faults)
    assert "slide 3: text of 12 px" in faults


def test_keys_turn_the_slides_and_the_address_keeps_the_place(page):
    slides = int(shown(page).split(" / ")[1])
    assert 10 <= slides <= 15
    for key, expected in (("ArrowRight", 2), (" ", 3), ("ArrowLeft", 2), ("End", slides), ("ArrowRight", slides), ("Home", 1)):
        page.keyboard.press(key)
        assert shown(page) == f"{expected} / {slides}"
    page.keyboard.press("PageDown")
    page.reload()
    assert shown(page) == f"2 / {slides}"


def test_a_slide_fills_a_larger_window(page):
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.wait_for_function("document.querySelector('.slide.current').getBoundingClientRect().width === innerWidth")
    box = page.locator(".slide.current").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1920, "height": 1080}


def test_on_paper_each_slide_is_a_page_of_16_by_9(page):
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    slides = int(shown(page).split(" / ")[1])
    boxes = re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)
    assert len(boxes) == slides
    assert {tuple(round(float(side)) for side in box.split()) for box in boxes} == {(0, 0, 960, 540)}
