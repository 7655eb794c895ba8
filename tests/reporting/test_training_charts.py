import math

import pytest
from drawn_texts import check_texts

from shapeseg.reporting.stretched import unstretched
from shapeseg.reporting.training_charts import curves_figure, runs_figure


def epochs(**columns):
    """Returns the rows of a history."""
    return [
        {"epoch": k, **dict(zip(columns, values, strict=True))}
        for k, values in enumerate(zip(*columns.values(), strict=True), 1)
    ]


KNOWN = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.2, 0.9], "iou": [0.1, 0.2, 0.3], "val_iou": [0.0, 0.2, 0.1]}


def lines(ax):
    return {line.get_label(): list(line.get_ydata()) for line in ax.lines}


def test_curves_show_training_and_validation_and_the_best_epoch():
    loss, iou = curves_figure(epochs(**KNOWN)).axes
    assert lines(loss) == {"train (augmented)": KNOWN["loss"], "val": KNOWN["val_loss"], "best epoch: 2 of 3": [0, 1]}
    assert lines(iou) == {"train (augmented)": KNOWN["iou"], "val": KNOWN["val_iou"], "best epoch: 2 of 3": [0, 1]}
    assert [ax.lines[-1].get_xdata()[0] for ax in (loss, iou)] == [2, 2]
    assert loss.get_yscale() == "log"


def test_the_ceiling_is_a_line_and_stands_beside_the_decidable_pixels():
    rows = epochs(**KNOWN, val_iou_decidable=[0.1, 0.9, 0.95])
    iou = curves_figure(rows, ceiling=0.9871).axes[1]
    shown = lines(iou)
    assert shown["ceiling, of a large set: 0.9871"] == [0.9871, 0.9871]
    assert shown["val, decidable pixels"] == [0.1, 0.9, 0.95]
    assert iou.get_ylim()[1] > 0.9871
    assert set(lines(curves_figure(rows).axes[1])) == {"train (augmented)", "val", "best epoch: 2 of 3"}


def test_curves_show_the_log_loss_above_the_least_possible_where_it_is_known():
    log_loss = {"val_log_loss": [0.9, 0.8, 0.7], "val_log_loss_floor": [0.5, 0.5, 0.5]}
    *_, ax = curves_figure(epochs(**KNOWN, **log_loss)).axes
    assert lines(ax)["val"] == log_loss["val_log_loss"]
    assert lines(ax)["least possible log loss: 0.500"] == [0.5, 0.5]
    unknown = {name: [math.nan] * 3 for name in log_loss}
    assert len(curves_figure(epochs(**KNOWN, **unknown)).axes) == 2


def test_what_a_history_lacks_is_left_out():
    rows = epochs(**KNOWN)
    del rows[1]["val_loss"]
    assert lines(curves_figure(rows).axes[0])["val"] == [2.1, 0.9]


@pytest.mark.parametrize("reached", [0.02, 0.9, 0.999, 1.0])
def test_the_end_of_a_run_can_be_read_and_its_beginning_too(reached):
    """The two last epochs are a hundredth of the way to 1 apart, and at least that of the chart's height."""
    rows = epochs(loss=[1.0] * 3, val_loss=[1.0] * 3, iou=[0.0, 0.0, 0.0], val_iou=[0.0, reached * 0.98, reached])
    figure = curves_figure(rows)
    ax = figure.axes[1]
    check_texts(figure)
    low, first, second, high = (ax.transData.transform((1, y))[1] for y in (0.0, reached * 0.98, reached, ax.get_ylim()[1]))
    assert low < first < second <= high
    assert second - first > 0.01 * (high - low)


@pytest.mark.parametrize("least", [0.9, 0.3, 0.2, 0.005, 1e-4])
def test_a_loss_of_any_range_has_labels_enough(least):
    losses = [1.0, (1 + least) / 2, least]
    loss = curves_figure(epochs(loss=losses, val_loss=losses, iou=[0.1] * 3, val_iou=[0.1] * 3)).axes[0]
    low, high = loss.get_ylim()
    assert 2 <= sum(low <= tick <= high for tick in loss.get_yticks()) <= 12


def test_no_text_of_a_long_or_a_short_run_covers_another():
    for count in (1, 2, 60, 500):
        scores = [float(unstretched(0.3 + 2 * k / count)) for k in range(count)]
        falling = [1 - score for score in scores]
        rows = epochs(loss=falling, val_loss=falling, iou=scores, val_iou=scores, val_iou_decidable=scores)
        check_texts(curves_figure(rows, ceiling=0.99))
        check_texts(runs_figure({"reference": rows, "one of my own": rows}))


def test_runs_are_drawn_by_epoch_with_the_best_one_marked():
    reference = [{"epoch": k, "val_loss": 1 / k, "val_iou": k / 9, "val_iou_decidable": k / 8} for k in (1, 2, 3)]
    own = [{"epoch": k, "val_loss": k, "val_iou": 1 / k, "val_iou_decidable": 1 / k} for k in (1, 2)]
    loss, iou, decidable = runs_figure({"reference": reference, "own": own}).axes
    assert lines(loss)["reference"] == [1, 1 / 2, 1 / 3]
    assert lines(iou)["own"] == [1, 1 / 2]
    assert list(decidable.lines[0].get_xdata()) == [1, 2, 3]
    assert [line.get_markevery() for line in iou.lines] == [[2], [0]]


def test_a_run_without_epochs_is_an_empty_line():
    assert [len(axes.lines[0].get_xdata()) for axes in runs_figure({"new": []}).axes] == [0, 0, 0]
