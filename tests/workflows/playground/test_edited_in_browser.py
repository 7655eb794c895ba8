"""What a person drags, types and touches in a real headless Chromium; and the page says what Python says."""

from browser import needs_chromium
from playground_frames import MODEL, RED, WHITE
from playground_page import centre, kept, link_to, numbers, shape

from shapeseg.scenes import Instance, Scene
from shapeseg.workflows.playground.answer import answer
from shapeseg.workflows.playground.dial import dial
from shapeseg.workflows.playground.starts import STARTS

pytestmark = needs_chromium


def test_an_ellipse_dragged_over_a_rectangle_shows_what_python_says(visit, address, samples, check_is_shown):
    apart = Scene(112, 112, WHITE, (Instance("rectangle", (14, 38, 40, 34), RED), Instance("ellipse", (70, 40, 34, 36), RED)))
    page = visit(address + link_to(apart))
    check_is_shown(page, apart)
    assert numbers(page)["Ambiguous pixels"] == "0"
    assert "nothing to be honest about" in page.locator("#honest").inner_text()
    page.mouse.move(*centre(page, 1))
    page.mouse.down()
    scale = page.locator("#image").evaluate("canvas => canvas.clientWidth / canvas.width")
    x, y = centre(page, 1)
    for step in range(1, 37):
        page.mouse.move(x - step * scale, y - min(step, 4) * scale)
    page.mouse.up()
    over = Scene(112, 112, WHITE, (apart.instances[0], apart.instances[1]._replace(box=(34, 36, 34, 36))))
    assert kept(page) == over
    check_is_shown(page, over)
    truth = samples.edited(over.to_dict()).render()
    assert numbers(page)["Ambiguous pixels"] == f"{truth.ambiguous.sum():,}" != "0"
    (piece,) = answer(samples.edited(over.to_dict()), MODEL).pieces
    assert page.locator("[data-view=exact] .tag").all_inner_texts() == ["{:.2f}\u2013{:.2f}".format(*piece.exact)]
    assert page.locator("[data-view=belief] .tag").all_inner_texts() == ["0.30\u20130.90"]
    hidden = truth.occlusion_rates[0]
    assert f"{100 * hidden:.1f} % hidden" in page.locator("#seen").inner_text()


def test_the_front_shape_that_is_seen_is_the_one_that_is_dragged(visit, address):
    """In the corner of an ellipse's box another shape may be seen."""
    scene = Scene(
        64, 48, WHITE, (Instance("rectangle", (4, 4, 30, 30), RED), Instance("ellipse", (4, 4, 30, 30), (0, 0, 255)))
    )
    page = visit(address + link_to(scene))
    page.mouse.click(2, 2)
    scale = page.locator("#image").evaluate("canvas => canvas.clientWidth / canvas.width")
    box = page.locator("#image").bounding_box()
    page.mouse.move(box["x"] + 5.5 * scale, box["y"] + 5.5 * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + 9.5 * scale, box["y"] + 5.5 * scale)
    page.mouse.up()
    assert [each.box for each in kept(page).instances] == [(8, 4, 30, 30), (4, 4, 30, 30)]


def test_a_corner_is_dragged_to_resize_and_no_shape_leaves_the_canvas(visit, address):
    page = visit(address + link_to(STARTS["One colour"]))
    scale = page.locator("#image").evaluate("canvas => canvas.clientWidth / canvas.width")
    handle = page.locator(".handle[data-sides=se]").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 6 * scale, y + 3 * scale)
    page.mouse.up()
    assert kept(page).instances[0].box == (30, 38, 34, 37)
    page.mouse.move(*centre(page, 0))
    page.mouse.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    assert kept(page).instances[0].box == (0, 0, 34, 37)


def test_the_keyboard_does_all_of_it(visit, address, check_is_shown):
    page = visit(address + link_to(STARTS["One colour"]))
    shape(page, 0).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Shape 2 of 2, red ellipse")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "Alt+ArrowUp"):
        page.keyboard.press(key)
    assert kept(page).instances[1].box == (50, 35, 34, 36)
    for key in ("Shift+ArrowRight", "Shift+Alt+ArrowUp"):
        page.keyboard.press(key)
    assert kept(page).instances[1].box == (50, 35, 35, 26)
    page.keyboard.press("c")
    assert kept(page).instances[1].color == (0, 0, 255)
    page.keyboard.press("[")
    scene = kept(page)
    assert [each.kind for each in scene.instances] == ["ellipse", "rectangle"]
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Shape 1 of 2, blue ellipse")
    check_is_shown(page, scene)
    page.keyboard.press("]")
    assert [each.kind for each in kept(page).instances] == ["rectangle", "ellipse"]
    page.keyboard.press("Delete")
    assert [each.kind for each in kept(page).instances] == ["rectangle"]
    page.keyboard.press("Delete")
    assert kept(page).instances == ()
    page.get_by_role("button", name="+ ellipse").press("Enter")
    assert [each.kind for each in kept(page).instances] == ["ellipse"]
    check_is_shown(page, kept(page))


def test_a_finger_drags_too(visit, address, check_is_shown):
    page = visit(address + link_to(STARTS["Two colours"]), width=390, has_touch=True, device_scale_factor=3)
    page.locator("#stage").scroll_into_view_if_needed()
    scale = page.locator("#image").evaluate("canvas => canvas.clientWidth / canvas.width")
    x, y = centre(page, 1)
    fingers = page.context.new_cdp_session(page)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in (4, 8, 12):
        fingers.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x - step * scale, "y": y}]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    scene = kept(page)
    assert scene.instances[1].box == (40, 44, 34, 36)
    check_is_shown(page, scene)


def test_kind_colour_and_order_have_buttons(visit, address, check_is_shown):
    page = visit(address + link_to(STARTS["One colour"]))
    page.get_by_label("Kind").select_option("star")
    page.get_by_role("group", name="Colour").get_by_role("button", name="blue").click()
    page.get_by_role("button", name="Forward").click()
    page.get_by_role("button", name="+ rectangle").click()
    page.get_by_label("Any colour").fill("#102030")
    scene = kept(page)
    assert [(each.kind, each.color) for each in scene.instances] == [
        ("ellipse", RED),
        ("star", (0, 0, 255)),
        ("rectangle", (16, 32, 48)),
    ]
    check_is_shown(page, scene)


def test_the_dial_moves_the_occluder_to_where_python_does(visit, address, check_is_shown):
    scene = STARTS["One colour"]
    page = visit(address + link_to(scene))
    page.locator("#rate").fill("55")
    dialled = dial(scene, 0, 0.55)
    assert kept(page) == dialled
    check_is_shown(page, dialled)
    assert page.locator("#rate-shown").inner_text() == f"{100 * dialled.render().occlusion_rates[0]:.1f} %"
    assert numbers(page)["Occlusion rate"] == page.locator("#rate-shown").inner_text()
    shape(page, 1).focus()
    assert numbers(page)["Occlusion rate"] == "0.0 %"
    assert page.locator("#rate").is_disabled()
    assert page.locator("#rate-note").inner_text() == "Nothing is in front of it."
