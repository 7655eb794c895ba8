"""The study of honesty, very small, from end to end: what it trains on, what it measures, and that it does nothing twice."""

import json
from dataclasses import replace

import numpy as np
import pytest
from command_runs import folder_names
from PIL import Image

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import examples
from shapeseg.errors import UsageError
from shapeseg.inference.opened_model import open_model
from shapeseg.settings import settings_from_dict
from shapeseg.workflows.honesty import results, run
from shapeseg.workflows.honesty.settings import ARMS, HonestyOptions, Point

SMALL = {"seeds": 1, "train_images": 8, "val_images": 4, "test_images": 24, "frontier_images": 8, "jobs": 2}
ARMS_TRIED = [arm for arm in ARMS if arm.loss == "bce+dice" and arm.ambiguous != "hard"]
POINT = Point(4, (4, 4))

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder of a study of two arms and one point of the frontier, run twice."""
    folder = tmp_path_factory.mktemp("honesty") / "s"
    options = settings_from_dict(HonestyOptions, {"out": str(folder), **SMALL, "training": {"epochs": 1}})
    with pytest.MonkeyPatch.context() as patch:
        for module in (run, results):
            patch.setattr(module, "ARMS", ARMS_TRIED)
            patch.setattr(module, "FRONTIER", [POINT])
        run.study_honesty(options)
        models = times(folder)
        run.study_honesty(options)
        assert times(folder) == models, "it trained or measured something again"
    return folder


def times(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "cells").glob("*/*")}


def test_every_arm_learns_what_it_is_called(out):
    found = json.loads((out / "honesty.json").read_text())
    assert list(found["grid"]) == [arm.name for arm in ARMS_TRIED]
    assert list(found["frontier"]) == [POINT.name]
    settings = [json.loads(path.read_text())["training"] for path in out.glob("cells/*/config.json")]
    learned = {(each["ambiguous"], each["loss"], each["ambiguous_weight"]) for each in settings}
    assert learned == {("exclude", "bce+dice", 1), ("exact", "bce+dice", 1), ("exact", "bce", 4)}


def test_scores_are_those_of_the_model(out):
    found = json.loads((out / "honesty.json").read_text())["grid"]["exact, bce+dice"][0]
    (path,) = out.glob("cells/exact-bce+dice-*/model.keras")
    model = open_model(path)
    (test,) = (out / "data").glob("test-*")
    exact, given = [], []
    for example in examples(Dataset(test)):
        known = example.ambiguous & ~np.isnan(example.truth.rectangle_probability)
        exact.append(example.truth.rectangle_probability[known])
        given.append(model.probabilities(example.image[None])[0][known])
    exact, given = np.concatenate(exact), np.concatenate(given).astype(float)
    assert found["ambiguous"]["pixels"] == len(exact) > 100
    assert found["ambiguous"]["mean_absolute_difference"] == pytest.approx(abs(exact - given).mean(), rel=1e-4)
    log_loss = -(exact * np.log(given) + (1 - exact) * np.log1p(-given)).mean()
    assert found["ambiguous"]["log_loss"] == pytest.approx(log_loss, rel=1e-4)
    assert found["threshold"] == model.threshold
    assert 0 < found["implied_threshold"] < 0.5


def test_page_and_pictures_show_it(out):
    found = json.loads((out / "honesty.json").read_text())
    page = (out / "honesty.md").read_text()
    for each in (*found["grid"]["exclude, bce+dice"], found["frontier"][POINT.name]):
        assert f"{each['ambiguous']['log_loss']:.4f}" in page
    for name in ("grid.png", "frontier.png"):
        with Image.open(out / name) as picture:
            assert min(picture.size) > 300
            picture.load()


def test_quick_lowers_what_is_at_its_default():
    usual = HonestyOptions()
    assert replace(usual, quick=True, seeds=4).lowered().seeds == 4
    assert replace(usual, quick=True).lowered().train_images < usual.train_images
    assert usual.lowered() == usual


def test_of_a_part_that_is_left_out_nothing_is_written_or_stays(out, tmp_path):
    found = json.loads((out / "honesty.json").read_text())
    assert results.write_honesty(tmp_path, found) == ["honesty.json", "honesty.md", "grid.png", "frontier.png"]
    assert results.write_honesty(tmp_path, found | {"frontier": {}}) == ["honesty.json", "honesty.md", "grid.png"]
    assert folder_names(tmp_path) == {"honesty.json", "honesty.md", "grid.png"}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"parts": []}, "Use grid, frontier or both"),
        ({"training": {"target": "amodal"}}, "Leave --target out"),
        ({"training": {"loss": "focal"}}, "Received: loss=focal. Leave --loss out"),
        ({"training": {"ambiguous": "exact", "ambiguous_weight": 2.0}}, "Leave --ambiguous and --ambiguous-weight out"),
    ],
)
def test_what_the_study_would_not_do_is_refused(asked, told):
    with pytest.raises(UsageError, match=told):
        settings_from_dict(HonestyOptions, asked)
