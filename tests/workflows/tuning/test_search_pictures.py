import pytest

from shapeseg.workflows.tuning.objective import OBJECTIVES
from shapeseg.workflows.tuning.pictures import Outcome, importance_figure, search_figure


@pytest.mark.parametrize(("objective", "bests"), [("iou", [0.5, 0.75, 0.75]), ("log_loss", [0.5, 0.5, 0.5])])
def test_the_search_shows_each_trial_and_the_best_so_far(objective, bests):
    outcomes = [
        Outcome(0, 0.5, True),
        Outcome(1, 0.25, False),
        Outcome(2, 0.75, True),
        Outcome(3, None, False),
        Outcome(4, 0.5, True),
    ]
    (ax,) = search_figure(outcomes, OBJECTIVES[objective]).axes
    stopped, finished, best = (line.get_xydata().tolist() for line in ax.lines)
    assert stopped == [[1, 0.25]]
    assert finished == [[0, 0.5], [2, 0.75], [4, 0.5]]
    assert best == [[number, score] for number, score in zip((0, 2, 4), bests, strict=True)]
    assert ax.get_ylabel() == OBJECTIVES[objective].words


def test_a_search_without_a_finished_trial_is_drawn_too():
    (ax,) = search_figure([Outcome(0, None, False)], OBJECTIVES["iou"]).axes
    assert not ax.lines


def test_the_most_important_setting_is_at_the_top():
    (ax,) = importance_figure({"loss": 0.75, "widths": 0.25}).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["loss", "widths"]
    assert [bar.get_width() for bar in ax.patches] == [0.75, 0.25]
    assert ax.yaxis_inverted()
