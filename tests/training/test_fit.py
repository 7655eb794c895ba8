import csv
import gc
import weakref
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from shapeseg.datasets import Dataset
from shapeseg.datasets.feed import Feed
from shapeseg.errors import DivergedError
from shapeseg.models import build
from shapeseg.training.fit import fit
from shapeseg.training.settings import TrainingSettings

EPOCHS = 3


class Recorder(Feed):
    """A feed that notes which batch of which epoch was asked for."""

    def __getitem__(self, batch):
        self.asked.append((self.epoch, batch))
        return super().__getitem__(batch)


class Watcher(keras.callbacks.Callback):
    """Notes what stands in the history file when each epoch has ended and the next begins."""

    def __init__(self, path):
        super().__init__()
        self.path, self.rows = path, []

    def on_epoch_begin(self, epoch, logs=None):
        self.rows.append(len(self.path.read_text().splitlines()) if self.path.exists() else 0)


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def feeds(folder, settings):
    data = Dataset(folder)
    train = Recorder(
        data.split("train"),
        settings.batch_size,
        labels="codes",
        shuffle_seed=settings.seed,
        augmentation=settings.augmented(own=False),
    )
    train.asked = []
    return train, data.split("val").feed(16, labels="codes")


def run(folder, history, settings, **options):
    keras.utils.set_random_seed(settings.seed)
    model = build("unet", {"widths": (4, 4)})
    train, val = feeds(folder, settings)
    saved = []
    options = {"save": saved.append, "history": history, "verbose": 0, **options}
    logs = fit(model, train, val, settings, **options)
    return SimpleNamespace(model=model, train=train, val=val, saved=saved, history=history, logs=logs)


@pytest.fixture(scope="module")
def trained(small_dataset, tmp_path_factory):
    history = tmp_path_factory.mktemp("fit") / "history.csv"
    watcher = Watcher(history)
    result = run(small_dataset, history, TrainingSettings(epochs=EPOCHS), callbacks=[watcher])
    result.watcher = watcher
    return result


def test_the_history_has_a_row_an_epoch(trained):
    rows = read(trained.history)
    assert [int(row["epoch"]) for row in rows] == list(range(1, EPOCHS + 1))
    for name in ("loss", "iou", "val_loss", "val_iou", "learning_rate"):
        assert [float(row[name]) for row in rows] == pytest.approx([row[name] for row in trained.logs], abs=1e-6)
    assert len(trained.logs) == EPOCHS


def test_each_row_is_written_when_its_epoch_ends(trained):
    # Before the first epoch there is at most a header, before the second also a row ...
    assert trained.watcher.rows[1:] == [2, 3]


def test_every_batch_is_served_once_in_its_own_epoch(trained):
    batches = len(trained.train)
    served = [(epoch, batch) for epoch in range(EPOCHS) for batch in range(batches)]
    extra = len(trained.train.asked) - len(served)  # Keras may look at the first batch to learn its shape
    assert 0 <= extra <= 1
    assert trained.train.asked[extra:] == served


def test_the_learning_rate_falls_linearly_to_zero(trained):
    # Noted at the end of each epoch: two thirds, one third and nothing of the first.
    assert [row["learning_rate"] for row in trained.logs] == pytest.approx([0.008 * 2 / 3, 0.008 / 3, 0], abs=1e-7)


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_the_learning_rate_falls_as_slowly_when_gradients_are_accumulated(small_dataset, tmp_path, warmup):
    settings = TrainingSettings(epochs=EPOCHS, batch_size=4, warmup_epochs=warmup)
    rates = [
        [
            row["learning_rate"]
            for row in run(small_dataset, tmp_path / f"{number}.csv", replace(settings, accumulate=number)).logs
        ]
        for number in (1, 3)
    ]
    assert rates[0] == rates[1]
    assert rates[0][1] > 0.002


def test_only_better_epochs_are_saved(trained):
    scores = [row["val_iou"] for row in trained.logs]
    better = [score for epoch, score in enumerate(scores) if epoch == 0 or score > max(scores[:epoch])]
    assert [logs["val_iou"] for logs in trained.saved] == pytest.approx(better)


def test_the_loss_falls(trained):
    assert trained.logs[-1]["loss"] < trained.logs[0]["loss"]
    assert all(weight.size and np.isfinite(weight).all() for weight in map(keras.ops.convert_to_numpy, trained.model.weights))


def test_the_same_seed_trains_the_same_model(trained, small_dataset, tmp_path):
    again = run(small_dataset, tmp_path / "h.csv", TrainingSettings(epochs=EPOCHS))
    assert [row["loss"] for row in again.logs] == pytest.approx([row["loss"] for row in trained.logs], rel=1e-3)
    other = run(small_dataset, tmp_path / "o.csv", TrainingSettings(epochs=1, seed=1))
    assert other.logs[0]["loss"] != pytest.approx(trained.logs[0]["loss"], rel=1e-3)


def test_what_a_save_leaves_in_cycles_is_freed_when_the_epoch_ends(small_dataset, tmp_path):
    left, counts = weakref.WeakSet(), []

    class Cycle:
        def __init__(self, _logs):
            self.itself = self
            left.add(self)

    count = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: counts.append(len(left)))
    gc.disable()  # what Python frees of its own accord would hide what fit does
    try:
        run(small_dataset, tmp_path / "history.csv", TrainingSettings(epochs=2), save=Cycle, callbacks=[count])
    finally:
        gc.enable()
    assert counts == [0, 0]
    assert len(left) == 0
    assert gc.get_freeze_count() == 0


def test_patience_ends_a_training_that_gains_nothing(small_dataset, tmp_path):
    settings = TrainingSettings(epochs=9, patience=2, learning_rate=1e-12)
    model = build("unet", {"widths": (4,)})
    model.get_layer("probability").bias.assign([-50.0] * 4)  # finds nothing, whatever the image: val IoU is 0 in every epoch
    saved, history = [], tmp_path / "h.csv"
    logs = fit(model, *feeds(small_dataset, settings), settings, save=saved.append, history=history, verbose=0)
    assert [row["val_iou"] for row in logs] == [0, 0, 0]
    assert len(read(history)) == 3
    assert len(saved) == 1


def test_a_loss_that_is_not_finite_stops_with_nothing_saved(small_dataset, tmp_path):
    settings = TrainingSettings(epochs=3)
    model = build("unet", {"widths": (4,)})
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    saved = []
    with pytest.raises(DivergedError, match="epoch 1"):
        fit(model, *feeds(small_dataset, settings), settings, save=saved.append, history=tmp_path / "h.csv", verbose=0)
    assert saved == []
