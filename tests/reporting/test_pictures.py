import numpy as np
import pytest
from command_runs import folder_names
from drawn_texts import check_texts
from PIL import Image

from shapeseg.errors import UsageError
from shapeseg.reporting.pictures import Note, gallery_figure, save_figure, scene_figure
from shapeseg.reporting.style import SCALE
from shapeseg.reporting.texts import Label
from shapeseg.scenes import SceneSettings, sample_scene

RANDOM = np.random.Generator(np.random.PCG64(0))


def picture(height=24, width=20):
    return RANDOM.integers(0, 256, (height, width, 3), np.uint8)


def shown_pictures(figure):
    return [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]


def test_a_title_that_is_no_utf_8_is_drawn_as_its_number(tmp_path):
    figure = gallery_figure([picture()], ["\udcff"])
    save_figure(figure, tmp_path / "a.png")
    assert figure.axes[0].get_title() == "\\udcff"


@pytest.mark.parametrize("count", [1, 2, 6, 7])
def test_a_gallery_shows_every_tile_in_order(count):
    tiles = [picture() for _ in range(count)]
    figure = gallery_figure(tiles, [str(k) for k in range(count)], columns=3)
    shown = shown_pictures(figure)
    assert len(shown) == count
    assert all(np.array_equal(tile, other) for tile, other in zip(tiles, shown, strict=True))


def test_rectangles_of_a_mask_are_dark_on_white():
    mask = np.array([[0, 255], [0, 1]], np.uint8)
    (shown,) = shown_pictures(gallery_figure([mask], ["mask"]))
    assert [tuple(pixel) for pixel in shown.reshape(4, 3).tolist()] == [SCALE[0], SCALE[-1]] * 2


def test_titles_of_any_length_stay_over_their_tiles():
    tiles = [picture(150, 260) for _ in range(8)]
    texts = check_texts(gallery_figure(tiles, [f"holiday-in-brittany-{k:03}  train" for k in range(8)], columns=4))
    assert [text[-9:] for text, *_ in texts] == [f"{k:03}  train"[-9:] for k in range(8)]


def test_landscape_tiles_leave_no_gaps():
    high, wide = (gallery_figure([tile] * 4, ["a"] * 4, columns=2) for tile in (picture(200, 200), picture(100, 200)))
    assert high.get_figwidth() == wide.get_figwidth()
    assert high.get_figheight() - wide.get_figheight() == pytest.approx(1.6, abs=0.02)


def test_numbers_of_neighbours_never_merge():
    close = [Label(40 + k, 40, str(10 + k)) for k in range(9)]
    texts = check_texts(gallery_figure([picture(96, 96)], ["a"], notes=[Note(labels=close)]))
    assert {text for text, *_ in texts} == {"a", *(str(10 + k) for k in range(9))}


def test_every_shape_of_a_scene_that_can_be_seen_has_its_number():
    scene = sample_scene(SceneSettings(width=96, height=96, min_instances=12, max_instances=12), seed=0, index=3)
    truth = scene.render()
    texts = check_texts(scene_figure(truth))
    visible = {str(number) for number, area in enumerate(truth.visible_areas, start=1) if area}
    assert {text for text, *_ in texts if text.isdecimal()} == visible


def test_a_figure_is_saved_as_png_whole(tmp_path):
    save_figure(gallery_figure([picture()], ["a"]), tmp_path / "picture.png")
    assert folder_names(tmp_path) == {"picture.png"}
    with Image.open(tmp_path / "picture.png") as saved:
        assert saved.format == "PNG"
        saved.load()


def test_a_picture_of_a_quick_run_says_so(tmp_path):
    for quick in (False, True):
        figure = gallery_figure([picture()] * 3, ["a"] * 3)
        save_figure(figure, tmp_path / f"{quick}.png", quick=quick)
        assert [text.get_text() for text in figure.texts] == ["a quick run: these numbers mean little"] * quick
        check_texts(gallery_figure([picture()], [""])) if not quick else None
    assert (tmp_path / "True.png").read_bytes() != (tmp_path / "False.png").read_bytes()


@pytest.mark.parametrize("name", ["picture", "picture.svg", "picture.txt"])
def test_a_picture_of_another_kind_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match=r"\.png"):
        save_figure(gallery_figure([picture()], ["a"]), tmp_path / name)
    assert folder_names(tmp_path) == set()


def test_a_name_with_dollars_is_written_as_it_is(tmp_path):
    save_figure(gallery_figure([picture()], ["a$_b$_c"]), tmp_path / "picture.png")


def test_the_folder_of_a_picture_is_made(tmp_path):
    save_figure(gallery_figure([picture()], ["a"]), tmp_path / "new/folder/picture.PNG")
    with Image.open(tmp_path / "new/folder/picture.PNG") as saved:
        assert saved.format == "PNG"
