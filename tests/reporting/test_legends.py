import numpy as np
import pytest
from drawn_texts import check_texts, drawn_texts

from shapeseg.reporting.legends import error_legend
from shapeseg.reporting.pictures import grid, show
from shapeseg.reporting.style import RIGHT, css


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 6, 9])
@pytest.mark.parametrize("unknowable", [True, False])
def test_a_legend_is_never_clipped_and_takes_the_room_it_says(columns, unknowable):
    figure, _ = grid(1, columns)
    legend = error_legend(figure.get_figwidth(), unknowable=unknowable)
    figure, (axes,) = grid(1, columns, bottom=legend.height)
    for ax in axes:
        show(ax, np.zeros((4, 4), np.uint8))
    legend.draw(figure)
    texts = check_texts(figure)
    assert len(texts) == 4 + unknowable
    assert max(top for *_, top in texts) <= legend.height * figure.dpi
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= -1
    assert box.x1 <= figure.get_figwidth() * figure.dpi + 1


def test_a_target_may_be_called_anything():
    figure, _ = grid(1, 4)
    error_legend(9, unknowable=False, target=r"$\no$").draw(figure)
    assert r"$\no$ found" in [text for text, *_ in drawn_texts(figure)]


def test_of_masks_alone_there_is_no_scale():
    legend = error_legend(9, scale=False, unknowable=False)
    assert list(legend.entries) == ["rectangle found", "missed", "invented"]
    assert legend.entries["rectangle found"].get_facecolor()[:3] == pytest.approx([value / 255 for value in RIGHT])
    assert css(RIGHT) == "#b0bec5"
