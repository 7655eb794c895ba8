from drawn_texts import check_texts

import shapeseg
from shapeseg.datasets import Dataset
from shapeseg.datasets.statistics import statistics
from shapeseg.reporting.own_statistics_picture import own_statistics_figure
from shapeseg.reporting.statistics_picture import statistics_figure
from shapeseg.scenes.kinds import KINDS


def test_all_kinds_fit_and_no_text_covers_another(tmp_path):
    scenes = {"width": 96, "height": 96, "max_size": 30, "kinds": tuple(KINDS)}
    found = statistics(shapeseg.create_dataset(tmp_path / "data", num_images=20, seed=0, workers=1, **scenes))
    assert len(found["sizes"]) == len(KINDS) == 7
    figure = statistics_figure(found)
    texts = [text for text, *_ in check_texts(figure)]
    assert texts.count("rotated rectangle") == 2
    _, colors, _, sizes = figure.axes
    assert [label.get_text() for label in colors.get_yticklabels()] == [label.get_text() for label in sizes.get_yticklabels()]
    bars = {kind: sum(counts.values()) for kind, counts in found["colors"].items()}
    for row, count in enumerate(bars.values()):
        assert sum(bar.get_width() for bar in colors.patches if round(bar.get_y() + bar.get_height() / 2) == row) == count


def test_many_colours_are_one_bar(small_dataset):
    found = statistics(Dataset(small_dataset))
    many = {kind: {f"#{k:06x}": 1 for k in range(40)} for kind in found["colors"]}
    figure = statistics_figure(found | {"colors": many})
    assert len(figure.axes[1].patches) == len(many)
    check_texts(figure)


def test_a_target_of_one_s_own_may_be_called_anything():
    found = {"splits": {"train": 2}, "sizes": {"32 x 32": 2}, "target_shares": {"a": 0.25, "b": 0.5}}
    texts = [text for text, *_ in check_texts(own_statistics_figure(found, r"$\no$"))]
    assert r"least and most $\no$" in texts
