import math

import numpy as np
import pytest
from command_runs import folder_names
from PIL import Image

from shapeseg.errors import UsageError
from shapeseg.reporting.pictures import (
    INVENTED,
    MISSED,
    RIGHT,
    Prediction,
    error_map,
    gallery_figure,
    prediction_figure,
    save_figure,
)
from shapeseg.reporting.training_charts import curves_figure

RANDOM = np.random.Generator(np.random.PCG64(0))


def picture(height=24, width=20):
    return RANDOM.integers(0, 256, (height, width, 3), np.uint8)


def test_a_title_that_is_no_utf_8_is_drawn_as_its_number(tmp_path):
    figure = gallery_figure([picture()], ["\udcff"])
    save_figure(figure, tmp_path / "a.png")
    assert figure.axes[0].get_title() == "\\udcff"


def test_an_error_map_tells_right_missed_and_invented_apart():
    truth = np.array([[1, 1, 0, 0]], bool)
    predicted = np.array([[1, 0, 1, 0]], bool)
    shown = error_map(truth, predicted)
    assert shown.dtype == np.uint8
    assert [tuple(pixel) for pixel in shown[0].tolist()] == [RIGHT, MISSED, INVENTED, (255, 255, 255)]
    assert len({RIGHT, MISSED, INVENTED, (255, 255, 255)}) == 4


def shown_pictures(figure):
    return [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]


@pytest.mark.parametrize("count", [1, 3])
def test_predictions_are_shown_beside_the_truth(count):
    predictions = [
        Prediction(f"image {k}", picture(), RANDOM.random((24, 20)) < 0.5, RANDOM.random((24, 20)) < 0.5) for k in range(count)
    ]
    figure = prediction_figure(predictions, "heading")
    shown = shown_pictures(figure)
    assert len(shown) == 4 * count
    for prediction in predictions:
        assert any(np.array_equal(tile, prediction.image) for tile in shown)
        assert any(np.array_equal(tile, error_map(prediction.truth, prediction.predicted)) for tile in shown)
    words = {text.get_text() for axes in figure.axes for text in (axes.title, axes.yaxis.label)}
    assert {"image", "truth", "prediction", "error"} <= words
    assert {prediction.title for prediction in predictions} <= words


@pytest.mark.parametrize("count", [1, 2, 6, 7])
def test_a_gallery_shows_every_tile_in_order(count):
    tiles = [picture() for _ in range(count)]
    figure = gallery_figure(tiles, [str(k) for k in range(count)], columns=3)
    shown = shown_pictures(figure)
    assert len(shown) == count
    assert all(np.array_equal(tile, other) for tile, other in zip(tiles, shown, strict=True))


def test_curves_show_training_and_validation_and_the_best_epoch():
    history = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.2, 0.9], "iou": [0.1, 0.2, 0.3], "val_iou": [0.0, 0.2, 0.1]}
    axes = curves_figure(history).axes
    curves, marks = zip(*((ax.lines[:2], ax.lines[2]) for ax in axes), strict=True)
    lines = [line for pair in curves for line in pair]
    assert sorted(tuple(line.get_ydata()) for line in lines) == sorted(map(tuple, history.values()))
    assert {tuple(line.get_xdata()) for line in lines} == {(1, 2, 3)}
    assert [mark.get_xdata()[0] for mark in marks] == [2, 2]


def test_curves_show_the_log_loss_above_the_least_possible_where_it_is_known():
    known = {"loss": [2.0, 1.0], "val_loss": [2.1, 1.2], "iou": [0.1, 0.2], "val_iou": [0.2, 0.1]}
    log_loss = {"val_log_loss": [0.9, 0.8], "val_log_loss_floor": [0.5, 0.5]}
    *_, ax = curves_figure(known | log_loss).axes
    assert [list(line.get_ydata()) for line in ax.lines[:2]] == list(log_loss.values())
    assert len(curves_figure(known | {name: [math.nan, math.nan] for name in log_loss}).axes) == 2


@pytest.mark.parametrize(("epochs", "low"), [(9, 0.0), (30, 0.9)])
def test_the_curves_of_a_long_run_leave_out_how_it_began(epochs, low):
    iou = [0.0, *[0.9] * (epochs - 1)]
    figure = curves_figure({"loss": [1.0] * epochs, "val_loss": [1.0] * epochs, "iou": iou, "val_iou": iou})
    assert figure.axes[1].get_ylim()[0] == pytest.approx(low, abs=0.05)


def test_a_figure_is_saved_as_png_whole(tmp_path):
    save_figure(gallery_figure([picture()], ["a"]), tmp_path / "picture.png")
    assert folder_names(tmp_path) == {"picture.png"}
    with Image.open(tmp_path / "picture.png") as saved:
        assert saved.format == "PNG"
        saved.load()


@pytest.mark.parametrize("name", ["picture", "picture.svg", "picture.txt"])
def test_a_picture_of_another_kind_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match=r"\.png"):
        save_figure(gallery_figure([picture()], ["a"]), tmp_path / name)
    assert folder_names(tmp_path) == set()


def test_a_name_with_dollars_is_written_as_it_is(tmp_path):
    mask = np.zeros((8, 8), bool)
    for figure in (gallery_figure([picture()], ["a$_b$_c"]), prediction_figure([Prediction("$5_$0", picture(), mask, mask)])):
        save_figure(figure, tmp_path / "picture.png")


def test_the_folder_of_a_picture_is_made(tmp_path):
    save_figure(gallery_figure([picture()], ["a"]), tmp_path / "new/folder/picture.PNG")
    with Image.open(tmp_path / "new/folder/picture.PNG") as saved:
        assert saved.format == "PNG"
