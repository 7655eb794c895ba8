"""The report in a real headless Chromium: what a reader clicks, types and sees."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from browser import SCREENS, check_accessible, check_can_be_read, needs_chromium, pixels, visits
from report_example import HISTORY, example_images, example_metrics

from shapeseg.reporting.pixels import ambiguous_pixels, error_map, unknowable_map
from shapeseg.reporting.report import write_report
from shapeseg.reporting.style import shade
from shapeseg.scenes import SceneSettings

pytestmark = needs_chromium
SCENES = SceneSettings(width=72, height=60, min_size=10, max_size=26, min_instances=2)
LAYERS = ("truth", "unknowable", "belief", "prediction", "error")
FILTERS = {"occlusion": "Occlusion", "occluder_kind": "Occluder", "occluder_color": "Its colour", "pieces": "Pieces"}


@pytest.fixture(scope="module")
def images():
    return example_images(12, SCENES)


@pytest.fixture(scope="module")
def report(images, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, example_metrics(images, SCENES), images, title="the title", history=HISTORY)
    return path


@pytest.fixture
def open_report(browser, report):
    """Opens the report at a width and in a colour scheme; in the end, nothing was fetched and nothing complained."""
    address = report.as_uri()
    with visits(browser) as (visit, requests):

        def open_it(width=1280, scheme="light"):
            page = visit(address, width, scheme=scheme)
            page.get_by_text("Showing 12 of 12 images").wait_for()
            return page

        yield open_it
    assert address in requests
    assert all(url.startswith("data:image/png") for url in requests if url != address)


def choice(page, label):
    return page.get_by_role("combobox", name=label, exact=True)


def shown(page):
    """Ids of the tiles, in order."""
    return page.locator("#tiles .name").all_inner_texts()


def worst_first(images):
    def key(image):
        return -image.wrong_decidable, -image.wrong_pixels, image.index

    return [image.image_id for image in sorted(images, key=key)]


def expected_layers(image):
    return {
        "image": image.image,
        "truth": shade(image.truth),
        "unknowable": unknowable_map(image.image, image.exact),
        "belief": shade(np.rint(31 * image.belief) / 31),
        "prediction": shade(image.predicted),
        "error": error_map(image.truth, image.predicted, ambiguous_pixels(image.exact)),
    }


def test_every_filter_shows_the_images_that_it_names(open_report, images):
    page = open_report()
    for name, label in FILTERS.items():
        select = choice(page, label)
        values = [option.get_attribute("value") for option in select.locator("option").all()][1:]
        assert set(values) == {row[name] for image in images for row in image.instances}
        for value in values:
            select.select_option(value)
            fits = [image for image in images if any(row[name] == value for row in image.instances)]
            assert shown(page) == worst_first(fits)
            assert page.locator("#shown").inner_text() == f"Showing {len(fits)} of 12 images"
            option = select.locator(f"option[value='{value}']").inner_text()
            assert option == f"{value} ({len(fits)})"
        select.select_option("")
    choice(page, "Split").select_option("val")
    assert shown(page) == worst_first([image for image in images if image.split == "val"])


def test_filters_ask_for_one_rectangle_that_has_it_all(open_report, images):
    page = open_report()
    choice(page, "Occluder").select_option("ellipse")
    choice(page, "Its colour").select_option("both")
    wanted = {"occluder_kind": "ellipse", "occluder_color": "both"}
    fits = [image for image in images if any(row.items() >= wanted.items() for row in image.instances)]
    either = [image for image in images if all(any(row[key] == wanted[key] for row in image.instances) for key in wanted)]
    assert 0 < len(fits) < len(either)
    assert shown(page) == worst_first(fits)


def test_no_match_is_said_and_undone(open_report, images):
    page = open_report()
    choice(page, "Occlusion").select_option("0")
    choice(page, "Occluder").select_option("ellipse")
    assert shown(page) == []
    assert page.locator("#shown").inner_text() == "Showing 0 of 12 images"
    page.get_by_role("button", name="Show all images").click()
    page.get_by_text("Showing 12 of 12 images").wait_for()
    assert shown(page) == worst_first(images)
    assert not page.get_by_role("button", name="Show all images").is_visible()


def test_every_order_is_right(open_report, images):
    page = open_report()
    assert shown(page) == worst_first(images)
    choice(page, "Sorted by").select_option("wrong")
    most = sorted(images, key=lambda image: (-image.wrong_pixels, image.index))
    assert shown(page) == [image.image_id for image in most] != worst_first(images)
    by_iou = sorted(images, key=lambda image: (2 if image.iou is None else image.iou, image.index))
    choice(page, "Sorted by").select_option("iou")
    assert shown(page) == [image.image_id for image in by_iou]
    choice(page, "Sorted by").select_option("index")
    assert shown(page) == [image.image_id for image in images]


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_show_every_pixel_right_beside_the_image(open_report, images, layer):
    page = open_report()
    page.locator(f"input[name=layer][value={layer}]").check()
    for image in images:
        left, right = page.locator("#tiles li", has_text=image.image_id).locator("canvas").all()
        assert np.array_equal(pixels(left), image.image)
        difference = pixels(right).astype(int) - expected_layers(image)[layer]
        # Of what cannot be known, a browser's greys are a little other than ours, and probabilities come in steps.
        assert np.abs(difference).max() <= (8 if layer == "unknowable" else 0)
    assert page.locator("#error-key").is_visible() == (layer == "error")
    assert page.locator("#scale-key").is_visible() == (layer in ("unknowable", "belief"))


def test_tiles_say_how_many_wrong_pixels_are_unknowable(open_report, images):
    page = open_report()
    for image in images:
        text = page.locator("#tiles li", has_text=image.image_id).locator(".facts-line").inner_text()
        wrong = f"{image.wrong_pixels} wrong pixel{'s' * (image.wrong_pixels != 1)}"
        unknowable = f", {image.wrong_pixels - image.wrong_decidable} of them unknowable" if image.wrong_pixels else ""
        assert text == wrong + unknowable


def test_photographs_have_no_layer_of_what_cannot_be_known(browser, images, tmp_path):
    path = tmp_path / "report.html"
    metrics = example_metrics(images, SCENES) | {"images": 99}
    write_report(path, metrics, [replace(each, exact=None, wrong_decidable=None) for each in images], title="title")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.get_by_text("Showing 12 of 12 images, of 99 measured").wait_for()
    assert page.locator("input[name=layer]").count() == 4
    page.locator("#tiles button").first.click()
    assert page.locator("#large-layers canvas").count() == 5
    most = max(images, key=lambda image: image.wrong_pixels)
    assert f"{most.wrong_pixels} wrong pixels; IoU" in page.locator("#large-facts").inner_text()
    assert np.array_equal(pixels(page.locator("#large-canvas")), error_map(most.truth, most.predicted))
    page.close()


def test_the_keyboard_opens_turns_over_and_closes(open_report, images):
    page = open_report()
    order = {image.image_id: image for image in images}
    first, second, *_ = worst_first(images)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.locator("#explorer-form button").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=f"Image {first}")
    assert page.evaluate("document.activeElement.closest('dialog').id") == "large"
    assert page.get_by_role("button", name="Previous").is_disabled()
    page.keyboard.press("ArrowRight")
    dialog = page.get_by_role("dialog", name=f"Image {second}")
    assert dialog.locator("#large-line").inner_text() == order[second].regenerate
    assert dialog.locator("tbody tr").count() == len(order[second].instances)
    assert np.array_equal(pixels(dialog.locator("#large-canvas")), expected_layers(order[second])["error"])
    dialog.get_by_role("radio", name="error").focus()
    page.keyboard.press("ArrowLeft")
    assert np.array_equal(pixels(dialog.locator("#large-canvas")), expected_layers(order[second])["prediction"])
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    page.wait_for_function("name => document.activeElement.textContent.includes(name)", arg=second)
    page.keyboard.press("Space")
    page.get_by_role("dialog", name=f"Image {second}").get_by_role("button", name="Close").press("Enter")
    assert not page.locator("dialog").is_visible()


def test_a_click_shows_an_image_large_and_its_line_is_copied(open_report, images):
    page = open_report()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    image = images[3]
    page.locator("#tiles li", has_text=image.image_id).click()
    dialog = page.get_by_role("dialog", name=f"Image {image.image_id}, split {image.split}")
    canvas = dialog.locator("#large-canvas")
    assert canvas.evaluate("canvas => parseFloat(canvas.style.width) % canvas.width") == 0
    cells = [row.locator("th, td").all_inner_texts() for row in dialog.locator("tbody tr").all()]
    for row, found in zip(image.instances, cells, strict=True):
        recall = "undefined" if row["recall"] is None else f"{row['recall']:.3f}"
        assert found[:3] == [str(row["instance"]), f"{row['occlusion_rate']:.3f}", row["occluder_kind"]]
        assert found[5:8] == [str(row["visible_area"]), str(row["found_pixels"]), recall]
    dialog.get_by_role("button", name="Copy").click()
    dialog.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == image.regenerate
    page.mouse.click(2, 2)
    assert not page.locator("dialog").is_visible()


def test_headings_sort_the_breakdown(open_report):
    page = open_report()
    table = page.locator("table.sortable")
    heading = table.locator("thead th", has_text="recall").first
    before = table.locator("tbody tr").all_inner_texts()
    for direction in ("ascending", "descending"):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == direction
        cells = [cell.get_attribute("data-value") for cell in table.locator("tbody td:nth-child(7)").all()]
        values = [float(value) for value in cells if value]
        assert len(set(values)) > 3
        assert all((one <= other) if direction == "ascending" else (one >= other) for one, other in pairwise(values))
        assert not any(cells[len(values) :])  # what is undefined stays last
    table.locator("thead th").first.get_by_role("button").click()
    assert table.locator("tbody tr").all_inner_texts() == before


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_the_page_fits_the_screen_and_can_be_read(open_report, width, scheme):
    page = open_report(width, scheme)
    check_can_be_read(page, width, scheme)
    page.locator("#tiles button").first.click()
    check_can_be_read(page, width, scheme)
    assert page.evaluate("document.getElementById('large').scrollWidth") <= width


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_nothing_keeps_anybody_out(open_report, width, scheme):
    page = open_report(width, scheme)
    check_accessible(page)
    page.locator("#tiles button").first.click()
    check_accessible(page)
