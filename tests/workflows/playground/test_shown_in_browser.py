"""What the page shows and refuses in a real headless Chromium: starts, samples, links, hostile scenes, a server that ends."""

import numpy as np
import pytest
from browser import SCREENS, check_accessible, check_can_be_read, needs_chromium, pixels
from playground_frames import MODEL, RED, WHITE
from playground_page import expected_views, kept, link_to, numbers, shape

from shapeseg.scenes import Instance, Scene
from shapeseg.scenes.ambiguity import MAX_GROUP
from shapeseg.scenes.twins import twin
from shapeseg.workflows.playground.answering import Playground
from shapeseg.workflows.playground.server import serving
from shapeseg.workflows.playground.starts import STARTS

pytestmark = needs_chromium


@pytest.mark.parametrize("name", STARTS)
def test_every_start_is_shown_to_the_pixel(name, visit, address, check_is_shown):
    page = visit(address)
    page.get_by_role("button", name=name, exact=True).click()
    assert kept(page) == STARTS[name]
    check_is_shown(page, STARTS[name])


def test_samples_and_their_twins_are_stepped_through(visit, address, data, check_is_shown):
    page = visit(address)
    page.locator("#place").fill("3")
    page.locator("#place").press("Enter")
    check_is_shown(page, data.scene(3))
    page.get_by_role("button", name="Next sample").click()
    check_is_shown(page, data.scene(4))
    assert page.locator("#about").inner_text() == f"Sample 4 of {data.row(4)['split']}."
    page.get_by_label("Twin of the sample").select_option("reverse")
    twinned = twin(data.scene(4), "reverse", data.settings.colors)
    check_is_shown(page, twinned)
    assert "its twin: the depth order reversed" in page.locator("#about").inner_text()
    for _ in range(20):
        page.get_by_role("button", name="Next sample").click()
    check_is_shown(page, twin(data.scene(11), "reverse", data.settings.colors))


def test_a_link_is_opened_again_identically(visit, address, data):
    page = visit(address)
    page.locator("#place").fill("5")
    page.locator("#place").press("Enter")
    page.locator("#about", has_text="Sample 5").wait_for()
    shape(page, 1).press("ArrowRight")
    scene = kept(page)
    assert scene != data.scene(5)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    again = visit(page.evaluate("navigator.clipboard.readText()"))
    assert kept(again) == scene
    of_the_scene = numbers(page).keys() - {"Frames a second", "Occlusion rate"}  # the latter is of the chosen shape
    assert {name: numbers(again)[name] for name in of_the_scene} == {name: numbers(page)[name] for name in of_the_scene}
    for canvas in ("#image", *(f"[data-view={view}] canvas" for view in expected_views(scene))):
        assert np.array_equal(pixels(again.locator(canvas)), pixels(page.locator(canvas)))


HOSTILE = {
    "300 shapes": STARTS["One colour"].to_dict() | {"instances": 300 * [STARTS["One colour"].to_dict()["instances"][0]]},
    "a vast canvas": STARTS["One colour"].to_dict() | {"width": 10**7},
    "no shapes at all": STARTS["One colour"].to_dict() | {"instances": "<img src=x onerror=alert(1)>"},
    "a message without end": STARTS["One colour"].to_dict() | {"more": "x" * 2**21},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_scene_is_refused_in_a_line_and_the_page_lives_on(name, visit, address):
    page = visit(address)
    page.evaluate("link => { location.hash = link; }", link_to(HOSTILE[name]))
    line = page.get_by_role("alert")
    line.wait_for()
    assert "\n" not in line.inner_text()
    assert page.locator("img").count() == 0
    page.get_by_role("button", name="Two colours").click()
    assert kept(page) == STARTS["Two colours"]
    assert not line.is_visible()


@pytest.mark.parametrize("link", ["#", "#%", "#bm8ganNvbg", "#W10", "#bnVsbA"])
def test_a_link_that_holds_no_scene_is_told(link, visit, address):
    page = visit(address)
    page.evaluate("link => { location.hash = 'x'; location.hash = link; }", link)
    page.get_by_role("alert").wait_for()


def test_what_was_not_found_out_is_told_apart(visit, address, check_is_shown):
    crowd = tuple(Instance(("rectangle", "ellipse")[k % 2], (5 * k, 8, 24, 24), RED) for k in range(MAX_GROUP + 4))
    scene = Scene(120, 60, WHITE, crowd)
    page = visit(address + link_to(scene))
    check_is_shown(page, scene)
    assert "it was not determined" in page.locator("#knowable").inner_text()
    assert page.locator("#unknown-key").is_visible()


def test_a_pixel_is_read_in_words(visit, address):
    page = visit(address + link_to(STARTS["One colour"]))
    scale = page.locator("[data-view=exact] canvas").evaluate("canvas => canvas.clientWidth / canvas.width")
    page.locator("[data-view=exact] canvas").hover(position={"x": 62.5 * scale, "y": 60.5 * scale})
    assert page.locator("#pixel").inner_text() == (
        "Pixel 62, 60: red ellipse. Exact probability of rectangle 0.500, the model says 0.900."
    )
    assert page.locator(".cross").count() == 4


def test_a_server_that_has_stopped_is_told(visit, samples):
    with serving(Playground(MODEL, samples)) as address:
        page = visit(address + link_to(STARTS["Two colours"]))
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text().startswith("The server has stopped; what you see is its last answer.")
    assert np.array_equal(pixels(page.locator("#image")), STARTS["Two colours"].render().image)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_the_page_fits_the_screen_and_keeps_nobody_out(visit, address, width, scheme):
    page = visit(address + link_to(STARTS["A hidden side"]), width, scheme)
    check_can_be_read(page, width, scheme)
    check_accessible(page)
    page.locator("summary").click()
    shape(page, 1).focus()
    check_can_be_read(page, width, scheme)
    check_accessible(page)
    for canvas in page.locator("canvas").all():
        assert canvas.evaluate("canvas => canvas.clientWidth * devicePixelRatio % canvas.width") == 0
        assert canvas.evaluate("canvas => getComputedStyle(canvas).imageRendering") == "pixelated"
