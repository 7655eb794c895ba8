import math

import pytest

from shapeseg.errors import DivergedError
from shapeseg.training.callbacks import SaveBest, StopOnDivergence


def test_save_best_saves_improvements_only():
    saved = []
    callback = SaveBest(saved.append)
    for epoch, score in enumerate([0.5, 0.4, 0.5, 0.6, 0.6, 0.55, 0.61]):
        callback.on_epoch_end(epoch, {"val_iou": score, "loss": float(epoch)})
    assert [logs["loss"] for logs in saved] == [0, 3, 6]
    assert [logs["val_iou"] for logs in saved] == [0.5, 0.6, 0.61]
    assert callback.best == 0.61


def test_save_best_saves_a_first_epoch_that_found_nothing():
    saved = []
    SaveBest(saved.append).on_epoch_end(0, {"val_iou": 0.0})
    assert saved == [{"val_iou": 0.0}]


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_divergence_stops_the_training(loss):
    with pytest.raises(DivergedError, match=rf"epoch 4.*Received: loss={loss}"):
        StopOnDivergence().on_epoch_end(3, {"loss": loss})


@pytest.mark.parametrize("logs", [{"loss": 0.0}, {"loss": 1e30}, {}, None])
def test_finite_losses_go_on(logs):
    StopOnDivergence().on_epoch_end(0, logs)
