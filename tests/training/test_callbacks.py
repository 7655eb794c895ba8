import math

import keras
import pytest

from shapeseg.errors import DivergedError, InputError
from shapeseg.training.callbacks import Checkpoints, SaveBest, StopAfter, StopOnDivergence, WriteHistory
from shapeseg.training.checkpoint import Checkpoint


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


@pytest.mark.parametrize(
    "numbers",
    [
        [{"on_epoch_end": 1}, {}, {}],
        [{"save": 1.0}, {}, {}],
        [{"params": 1}, {}, {}],
        [{"_seconds": 0.0}, {}, {}],
        [{}, {"spent": None}, {}],
        [{}, {"spent": True}, {}],
        [{}, {}, {"restore_best_weights": 1}],
    ],
    ids=str,
)
def test_a_checkpoint_of_other_callbacks_is_missing_input(numbers):
    others = [SaveBest(print), StopAfter(None), keras.callbacks.EarlyStopping()]
    before = [dict(vars(other)) for other in others]
    resumed = Checkpoint(1, {}, {"callbacks": numbers, "history": []})
    with pytest.raises(InputError, match=r"to another callback\. Received: "):
        Checkpoints(None, WriteHistory(None), others, resumed).on_train_begin()
    assert [vars(other) for other in others] == before


def test_a_score_that_is_undefined_is_left_empty_in_the_history_and_none_for_the_card(tmp_path):
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.5))
    callback, saved = WriteHistory(tmp_path / "history.csv"), []
    callback.set_model(model)
    callback.rows = [{"epoch": 1, "val_iou": 0.25, "learning_rate": 1.0}]  # an earlier version logged no more
    for epoch, log_loss in ((1, math.nan), (2, 0.75)):
        logs = {"val_iou": 0.5 + epoch, "val_log_loss": log_loss}
        callback.on_epoch_end(epoch, logs)
        SaveBest(saved.append).on_epoch_end(epoch, logs)
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines == ["epoch,val_iou,val_log_loss,learning_rate", "1,0.25,,1.0", "2,1.5,,0.5", "3,2.5,0.75,0.5"]
    assert len({tuple(row) for row in callback.rows}) == 1
    assert saved == [{"val_iou": 1.5, "val_log_loss": None}, {"val_iou": 2.5, "val_log_loss": 0.75}]
