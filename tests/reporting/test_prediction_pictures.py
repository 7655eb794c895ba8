import numpy as np
import pytest
from drawn_texts import check_texts
from test_pictures import shown_pictures

from shapeseg.reporting.pictures import save_figure
from shapeseg.reporting.pixels import error_map, unknowable_map
from shapeseg.reporting.prediction_pictures import Prediction, idea_figure, prediction_figure
from shapeseg.reporting.style import shade

RANDOM = np.random.Generator(np.random.PCG64(1))


def prediction(name="000007", *, exact=True, belief=True, height=48, width=40):
    """Returns a prediction: 9 pixels cannot be known, of which 6 are wrong, as is one other."""
    truth, predicted, probability = np.zeros((3, height, width))
    truth[8:20, 8:20] = probability[8:20, 8:20] = predicted[8:20, 8:20] = 1
    probability[10:13, 10:13] = 0.25
    predicted[10:12, 10:13] = predicted[18, 18] = 0
    image = RANDOM.integers(0, 256, (height, width, 3), np.uint8)
    guessed = np.where(predicted != 0, 0.75, 0.125)
    return Prediction(name, image, truth != 0, predicted != 0, probability if exact else None, guessed if belief else None)


def names_of(figure):
    return [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]


@pytest.mark.parametrize("count", [1, 3])
def test_a_prediction_is_shown_from_what_the_model_sees_to_where_it_errs(count):
    shown_of = [prediction(f"image {k}") for k in range(count)]
    figure = prediction_figure(shown_of, "heading")
    assert names_of(figure) == ["image", "truth", "cannot be known", "belief", "error"]
    tiles = [
        [
            each.image,
            shade(each.truth),
            unknowable_map(each.image, each.exact),
            shade(each.belief),
            error_map(each.truth, each.predicted, each.ambiguous),
        ]
        for each in shown_of
    ]
    expected = [tile for row in zip(*tiles, strict=True) for tile in row]
    shown = shown_pictures(figure)
    assert all(np.array_equal(one, other) for one, other in zip(expected, shown, strict=True))


def test_only_what_is_known_has_a_row():
    figure = prediction_figure([prediction(exact=False, belief=False)])
    assert names_of(figure) == ["image", "truth", "prediction", "error"]
    (legend,) = figure.legends
    assert "cannot be known" not in {text.get_text() for text in legend.get_texts()}


def test_where_one_of_several_is_unknown_it_says_so():
    figure = prediction_figure([prediction(), prediction(exact=False)])
    assert names_of(figure)[2] == "cannot be known"
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == ["unknown"]


def test_the_title_says_how_many_wrong_pixels_are_unknowable():
    title, *_ = (axes.get_title("left") for axes in prediction_figure([prediction()]).axes)
    assert title == "000007  IoU 0.951\n7 wrong,\n6 of them unknowable"
    assert prediction(exact=False).errors() == "7 wrong pixels"
    each = prediction()
    assert each._replace(predicted=each.truth).errors() == "0 wrong"


def test_counts_of_a_part_are_of_that_part():
    part = prediction().cropped(9, 9, 5)
    assert part.image.shape == (5, 5, 3)
    assert part.errors() == "6 wrong,\n6 of them unknowable"


@pytest.mark.parametrize("count", [1, 2, 6])
@pytest.mark.parametrize("size", [(48, 40), (40, 72)], ids=["portrait", "landscape"])
def test_no_text_is_clipped_or_covered(count, size):
    height, width = size
    names = [f"a-holiday-in-the-north-of-brittany-{k}.jpg" for k in range(count)]
    figure = prediction_figure([prediction(name, height=height, width=width) for name in names], "images: most wrong pixels")
    texts = [text for text, *_ in check_texts(figure)]
    assert "cannot be known" in texts
    assert sum("…" in text and f"-{k}.jpg" in text for k, text in enumerate(t for t in texts if "IoU" in t)) == count


def test_the_whole_idea_is_a_row_an_image_with_every_stage_explained():
    figure = idea_figure([prediction("most\nmistakes"), prediction("")])
    assert len(figure.axes) == 10
    texts = [text for text, *_ in check_texts(figure)]
    assert {"image", "truth", "what cannot be known", "belief", "error", "where rectangles\nwere drawn"} <= set(texts)
    assert "most\nmistakes\n\n7 wrong,\n6 of them\nunknowable" in texts


def test_a_name_with_dollars_is_written_as_it_is(tmp_path):
    save_figure(prediction_figure([prediction("$5_$0")]), tmp_path / "picture.png")
