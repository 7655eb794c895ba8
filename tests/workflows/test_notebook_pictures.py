"""Dials of notebooks: a picture that stays, and widgets that draw it anew."""

import ipywidgets
import pytest
from matplotlib.figure import Figure

import shapeseg
from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import examples
from shapeseg.evaluation.counts import pooled
from shapeseg.evaluation.prediction import predict
from shapeseg.evaluation.threshold import CANDIDATES
from shapeseg.inference.opened_model import open_model
from shapeseg.reporting.prediction_pictures import Prediction, prediction_figure
from shapeseg.workflows.notebook_pictures import occlusion_dials, predictions_figure, turn, twin_dial
from shapeseg.workflows.notebooks import threshold_figure


@pytest.fixture
def displayed(monkeypatch):
    """What is displayed, in order."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda what, raw=False: shown.append(what))
    return shown


def test_a_dial_leaves_a_picture_and_draws_it_anew_when_it_is_turned(displayed):
    drawn = []

    def draw(share, name):
        drawn.append((share, name))
        return f"picture {len(drawn)}"

    share = ipywidgets.FloatSlider(value=0.5)
    turn(draw, {"share": share, "name": ipywidgets.ToggleButtons(options=["one", "other"])})
    picture, bundle = displayed
    assert picture == "picture 1"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "dials for share, name: they turn while the notebook runs"
    share.value = 0.75
    assert drawn == [(0.5, "one"), (0.75, "one")]
    assert displayed[2] == "picture 2"
    assert share.description == "share"


def test_the_dials_of_a_notebook_draw_scenes_and_what_cannot_be_known_of_them(displayed, tiny_run):
    occlusion_dials(tiny_run, seed=3)
    figure, _ = displayed
    assert isinstance(figure, Figure)
    titles = [axes.get_title("left") for axes in figure.axes if axes.get_title("left")]
    assert [title.split("  ")[0] for title in titles] == [f"scene {k}" for k in range(5)]
    assert all("unknowable" in title for title in titles if not title.endswith("0 wrong"))
    assert figure.texts[0].get_text() == "50% of each rectangle hidden by an ellipse of the same colour"


def test_a_scene_stands_beside_its_twins(displayed, small_dataset, tiny_run, tmp_path):
    versions = {"original": Dataset(small_dataset)}
    versions["remove"] = shapeseg.write_twins(small_dataset, "remove", tmp_path / "remove", workers=1)
    twin_dial(tiny_run, versions, place=4)
    figure, _ = displayed
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()][2] == "cannot be known"
    assert [
        text.get_text() for axes in figure.axes for text in axes.texts
    ] == []  # twins have no rule, but it is not asked for
    names = [axes.get_title("left").split("  ")[0] for axes in figure.axes if axes.get_title("left")]
    assert names == ["original", "remove"]


def test_predictions_show_what_cannot_be_known_where_scenes_are_given(small_dataset, tiny_run):
    data = Dataset(small_dataset)
    images, masks = zip(*[(data[place].image, data[place].mask) for place in range(2)], strict=True)
    plain = predictions_figure(tiny_run, images, masks, ["a", "b"])
    known = predictions_figure(tiny_run, images, masks, ["a", "b"], scenes=[data.scene(0), data.scene(1)])
    assert [len(figure.axes) for figure in (plain, known)] == [8, 10]
    usual = prediction_figure([Prediction("a", images[0], masks[0] != 0, masks[0] != 0)])
    assert known.dpi == plain.dpi == usual.dpi / 2  # a notebook holds all of its pictures


def test_a_threshold_is_judged_by_the_pixels_that_count(small_dataset, tiny_run, tmp_path):
    data = shapeseg.filter_dataset(small_dataset, way="ignore-occluded", out=tmp_path / "data")
    model = open_model(tiny_run)
    counts = pooled(each.counts(model.threshold) for each in predict(model, examples(data)))
    lines = {line.get_label(): line.get_ydata() for line in threshold_figure(tiny_run, data).axes[0].lines}
    chosen = CANDIDATES.index(model.threshold)
    assert [lines[name][chosen] for name in ("IoU", "precision", "recall")] == [counts.iou, counts.precision, counts.recall]
