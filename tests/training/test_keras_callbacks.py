"""Callbacks of Keras's own, handed to a training: each works, or is refused by name before anything is made."""

from importlib.util import find_spec

import keras
import pytest

from shapeseg.errors import UsageError
from shapeseg.training.run_folder import read_history
from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train

OWN = keras.callbacks
WORKING = {
    "csv": lambda folder: OWN.CSVLogger(str(folder / "log.csv")),
    "early stopping": lambda folder: OWN.EarlyStopping("val_loss", patience=1),
    "model checkpoint": lambda folder: OWN.ModelCheckpoint(str(folder / "best.keras"), monitor="val_iou", mode="max"),
    "lambda": lambda folder: OWN.LambdaCallback(on_epoch_end=lambda epoch, logs: (folder / "seen").touch()),
    "not a number": lambda folder: OWN.TerminateOnNaN(),
    "list": lambda folder: OWN.CallbackList([OWN.History()]),
    "scheduler": lambda folder: OWN.LearningRateScheduler(lambda epoch, rate: rate / 2),
    "plateau": lambda folder: OWN.ReduceLROnPlateau("val_loss", patience=0, min_delta=10, factor=0.5),
}


def run(folder, data, callback, **settings):
    settings = TrainingSettings(**{"epochs": 2, "batch_size": 8, "schedule": "constant"} | settings)
    options = TrainOptions(data=data, out=folder / "run", widths=(4, 4), training=settings)
    return train(options, callbacks=[callback])


@pytest.mark.parametrize("name", WORKING)
def test_it_works(name, small_dataset, tmp_path):
    expected = {"scheduler": [0.004, 0.002], "plateau": [0.008, 0.008, 0.004]}.get(name, [0.008, 0.008])
    model = run(tmp_path, small_dataset, WORKING[name](tmp_path), epochs=len(expected))
    rates = [row["learning_rate"] for row in read_history(model.parent / "history.csv")]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize("name", ["scheduler", "plateau"])
@pytest.mark.parametrize("settings", [{"schedule": "linear"}, {"schedule": "cosine"}, {"warmup_epochs": 1.0}])
def test_what_sets_the_rate_is_refused_under_a_schedule(name, settings, small_dataset, tmp_path):
    callback = OWN.CallbackList([WORKING[name](tmp_path)])
    with pytest.raises(UsageError, match="sets the learning rate, which the schedule sets already"):
        run(tmp_path, small_dataset, callback, **settings)
    assert not (tmp_path / "run").exists()


def test_what_resumes_by_itself_or_needs_another_optimiser_or_tensorflow_is_refused(small_dataset, tmp_path):
    with pytest.raises(UsageError, match=r"BackupAndRestore would begin with another training's weights.*--resume"):
        run(tmp_path, small_dataset, OWN.BackupAndRestore(tmp_path / "backup"))
    with pytest.raises(UsageError, match="SwapEMAWeights needs an optimiser that averages weights"):
        run(tmp_path, small_dataset, OWN.SwapEMAWeights())
    if find_spec("tensorflow") is None:
        with pytest.raises(UsageError, match="Use --track tensorboard"):
            run(tmp_path, small_dataset, OWN.TensorBoard(str(tmp_path)))
    assert not (tmp_path / "run").exists()
