"""A playground that is served, and a browser that visits it."""

import numpy as np
import pytest
from browser import pixels, visits
from playground_frames import MODEL, RED
from playground_page import answered, expected_views, numbers, written

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.scenes import SceneSettings
from shapeseg.workflows.playground.answer import answer
from shapeseg.workflows.playground.answering import Playground
from shapeseg.workflows.playground.samples import samples_of
from shapeseg.workflows.playground.server import serving


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A dataset of small scenes in two colours, many of which overlap."""
    folder = tmp_path_factory.mktemp("playground") / "data"
    scene = SceneSettings(width=64, height=48, min_size=10, max_size=20, colors=(RED, (0, 0, 255)), min_instances=4)
    create_dataset(folder, num_images=12, seed=1, settings=DatasetSettings(scene=scene))
    return Dataset(folder)


@pytest.fixture(scope="module")
def samples(data):
    return samples_of(data.folder)


@pytest.fixture(scope="module")
def address(samples):
    with serving(Playground(MODEL, samples)) as address:
        yield address


@pytest.fixture
def visit(browser):
    """Opens an address at a width and in a colour scheme; in the end, nothing else was fetched and nothing complained."""
    with visits(browser) as (open_it, requests):

        def visit_it(address, width=1280, scheme="light", **options):
            page = open_it(address, width, 900, scheme, **options)
            answered(page)
            return page

        yield visit_it
    own = {"http:", "ws:", "data:"}
    assert {url.split("//")[0] for url in requests if not url.startswith("data:,")} <= own
    assert {url.split("/")[2].split(":")[0] for url in requests if "//" in url} == {"127.0.0.1"}


@pytest.fixture(scope="module")
def check_is_shown(samples):
    """Checks every pixel and every number of the page against Python's; a scene without a rule is one that was edited."""

    def check(page, scene):
        scene = samples.edited(scene.to_dict()) if scene.rule is None else scene
        answered(page)
        assert np.array_equal(pixels(page.locator("#image")), scene.render().image)
        for view, expected in expected_views(scene).items():
            assert np.array_equal(pixels(page.locator(f"[data-view={view}] canvas")), expected), view
        found, shown = answer(scene, MODEL).numbers, numbers(page)
        assert shown["IoU"] == written(found["iou"])
        assert shown["IoU, decidable pixels"] == written(found["iou_decidable"])
        assert shown["Ceiling of the IoU"] == written(found["iou_ceiling"])
        assert shown["Log loss"] == written(found["log_loss"])
        assert shown["Log loss floor"] == written(found["log_loss_floor"])
        assert shown["Ambiguous pixels"] == f"{found['ambiguous_pixels'] + found['unknown_pixels']:,}"
        for name in ("found", "missed", "invented"):
            assert page.locator(f"#{name}").inner_text() == f"{found[name]:,}"
        rates = [f"{100 * rate:.1f} % hidden" for rate in scene.render().occlusion_rates]
        assert page.locator("#list button > :last-child").all_inner_texts() == rates[::-1]

    return check
