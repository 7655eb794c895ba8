import math
from typing import get_args

import keras
import pytest

from shapeseg.errors import UsageError
from shapeseg.training.schedule import learning_rate
from shapeseg.training.settings import LossName, TrainingSettings


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 0},
        {"epochs": -1},
        {"batch_size": 0},
        {"patience": 0},
        {"learning_rate": 0.0},
        {"learning_rate": -0.1},
        {"learning_rate": math.nan},
        {"learning_rate": math.inf},
        {"accumulate": 0},
        {"clip_norm": 0.0},
        {"clip_norm": math.inf},
        {"ambiguous_weight": 0.0},
        {"ambiguous_weight": -1.0},
        {"ambiguous_weight": math.inf},
        {"warmup_epochs": -1.0},
        {"warmup_epochs": 30.0},
        {"seed": -1},
        {"seed": 2**64},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_meant_is_refused_with_its_value(changes):
    ((name, value),) = changes.items()
    with pytest.raises(UsageError, match=rf"Received: {name}={value}\."):
        TrainingSettings(**changes)


def test_ambiguous_pixels_are_left_out_or_have_a_weight():
    with pytest.raises(UsageError, match=r"Received: ambiguous=exclude, ambiguous_weight=2\.0\. Leave --ambiguous-weight out"):
        TrainingSettings(ambiguous="exclude", ambiguous_weight=2.0)
    for ambiguous in ("hard", "exact"):
        assert TrainingSettings(ambiguous=ambiguous, ambiguous_weight=2.0).ambiguous_weight == 2


@pytest.mark.parametrize("loss", get_args(LossName))
def test_losses_that_no_probability_can_be_learned_by_are_refused(loss):
    for ambiguous in ("exclude", "hard"):
        TrainingSettings(ambiguous=ambiguous, loss=loss)
    if loss in ("dice", "tversky"):
        with pytest.raises(UsageError, match=rf"Received: ambiguous=exact, loss={loss}\. Use --loss bce"):
            TrainingSettings(ambiguous="exact", loss=loss)
    else:
        TrainingSettings(ambiguous="exact", loss=loss)


def test_the_limits_themselves_are_allowed():
    TrainingSettings(epochs=1, batch_size=1, patience=1, learning_rate=1.0, seed=2**64 - 1)


def test_a_schedule_with_warm_up_comes_back_from_its_config():
    schedule = learning_rate(TrainingSettings(epochs=4, warmup_epochs=1), steps_per_epoch=10)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert [float(again(step)) for step in range(40)] == [float(schedule(step)) for step in range(40)]


@pytest.mark.parametrize(
    ("settings", "known", "taught"),
    [
        (TrainingSettings(), True, ("bce", "exact", 4.0)),
        (TrainingSettings(), False, ("bce+dice", "exclude", 1.0)),
        (TrainingSettings(loss="dice"), True, ("dice", "exclude", 1.0)),
        (TrainingSettings(loss="focal"), True, ("focal", "exact", 4.0)),
        (TrainingSettings(ambiguous="hard"), True, ("bce+dice", "hard", 1.0)),
        (TrainingSettings(ambiguous_weight=9.0), True, ("bce", "exact", 9.0)),
        (TrainingSettings(ambiguous="exclude", ambiguous_weight=1.0), True, ("bce+dice", "exclude", 1.0)),
    ],
)
def test_what_is_left_open_the_data_decides(settings, known, taught):
    assert settings.taught(known=known) == taught
    settled = settings.settled(known=known)
    assert settled.taught(known=not known) == taught
    assert settled.epochs == settings.epochs
