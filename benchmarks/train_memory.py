"""Runs the default training and prints its peak memory after each epoch, in MiB, as one line of JSON.

KERAS_BACKEND=torch python benchmarks/train_memory.py DATA RUN_FOLDER EPOCHS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
from generate_growth import mib, peak_kib

from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train


class Peaks(keras.callbacks.Callback):
    """Notes the peak after each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.mib: list[float | None] = []

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Notes it."""
        self.mib.append(mib(peak_kib("self")))


if __name__ == "__main__":
    data, out, epochs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    peaks = Peaks()
    train(TrainOptions(data=data, out=out, training=TrainingSettings(epochs=epochs)), callbacks=[peaks])
    print(json.dumps(peaks.mib))
