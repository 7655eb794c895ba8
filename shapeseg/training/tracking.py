"""Trackers: where a team looks at its runs. They repeat what the run's folder already holds, and never stop a training.

Another is one class, one line in :class:`Tracking`, and the name of its package in ``TrackerName`` of settings.py.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from PIL import Image

from shapeseg.training.callbacks import Logs, logged
from shapeseg.training.run_folder import RunFolder
from shapeseg.training.settings import TrackerName


class Tracker(Protocol):
    """What a tracker can record; epochs count from 1."""

    def scores(self, epoch: int, values: Mapping[str, float]) -> None:
        """Notes what an epoch logged, under the names of ``history.csv``."""

    def picture(self, epoch: int, path: Path) -> None:
        """Notes a PNG, under its name without the suffix."""

    def model(self, path: Path, card: Path) -> None:
        """Keeps the finished model and its card."""

    def close(self) -> None:
        """Writes what is still held, and ends."""


class TensorBoard:
    """Event files in ``tensorboard/`` of the run's folder, written without TensorFlow."""

    def __init__(self, root: Path, settings: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(root / "tensorboard"))
        self._text("settings", json.dumps(settings, indent=2))

    def scores(self, epoch: int, values: Mapping[str, float]) -> None:
        """Notes what an epoch logged."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def picture(self, epoch: int, path: Path) -> None:
        """Notes a PNG."""
        with Image.open(path) as picture:
            self._writer.add_image(path.stem, np.asarray(picture.convert("RGB")), epoch, dataformats="HWC")
        self._writer.flush()

    def model(self, path: Path, card: Path) -> None:
        """Notes the card, which names the model by its digest: event files keep no models."""
        self._text("model", card.read_text())

    def close(self) -> None:
        """Ends the event file."""
        self._writer.close()

    def _text(self, name: str, text: str) -> None:
        self._writer.add_text(name, f"```\n{text}\n```")
        self._writer.flush()


class WeightsAndBiases:
    """A run of Weights & Biases, in ``wandb/`` of the run's folder; its own ``WANDB_...`` variables say where it goes."""

    def __init__(self, root: Path, settings: Mapping[str, Any]) -> None:
        import wandb

        self._wandb = wandb
        # Resumed, it is another run of the same group: a run that was kept offline cannot be gone on with.
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "shapeseg"),
            name=root.name,
            group=root.name,
            dir=root,
            config=dict(settings),
            settings=wandb.Settings(console="off", login_timeout=60, reinit="create_new"),
        )
        self._run.define_metric("*", step_metric="epoch")

    def scores(self, epoch: int, values: Mapping[str, float]) -> None:
        """Notes what an epoch logged."""
        self._run.log({**values, "epoch": epoch})

    def picture(self, epoch: int, path: Path) -> None:
        """Notes a PNG."""
        self._run.log({path.stem: self._wandb.Image(str(path)), "epoch": epoch})

    def model(self, path: Path, card: Path) -> None:
        """Keeps model and card as an artifact, and what the card says as the run's summary."""
        self._run.summary["model"] = json.loads(card.read_text())
        artifact = self._wandb.Artifact(path.parent.name, type="model")
        for file in (path, card):
            artifact.add_file(str(file))
        self._run.log_artifact(artifact)

    def close(self) -> None:
        """Ends the run."""
        self._run.finish()


class Tracking(keras.callbacks.Callback):
    """Sends a tracker the scores of every epoch; its first failure is one line on stderr, and it is not used after that.

    Args:
        name: Which tracker.
        root: Folder of the run.
        settings: Settings of the run, plain JSON types.
    """

    def __init__(self, name: TrackerName, root: Path, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self._name = name
        self._tracker: Tracker | None = None
        if name != "none":
            kind = {"tensorboard": TensorBoard, "wandb": WeightsAndBiases}[name]
            self._attempt(lambda: setattr(self, "_tracker", kind(root, settings)))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Comes after the run's own history and model are written."""
        self.tell(lambda tracker: tracker.scores(epoch + 1, logged(self.model, logs)))

    def run_ended(self, folder: RunFolder, epochs: int) -> None:
        """Sends the tracker what a finished run left in its folder."""
        self.tell(lambda tracker: tracker.picture(epochs, folder.samples))
        self.tell(lambda tracker: tracker.picture(epochs, folder.curves))
        self.tell(lambda tracker: tracker.model(folder.model, folder.card))

    def tell(self, what: Callable[[Tracker], object]) -> None:
        """Calls the tracker, if there is one and it has never failed: ``tell(lambda tracker: tracker.close())``."""
        tracker = self._tracker
        if tracker is not None:
            self._attempt(lambda: what(tracker))

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as error:  # whatever is wrong with a tracker, the training is worth more
            self._tracker = None
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            line = f"warning: {self._name} no longer tracks this run, which continues ({reason})"
            print(line, file=sys.stderr)  # noqa: T201


@contextmanager
def tracking(name: TrackerName, root: Path, settings: Mapping[str, Any]) -> Iterator[Tracking]:
    """Opens a tracker for a run, and closes it however the run ends."""
    opened = Tracking(name, root, settings)
    try:
        yield opened
    finally:
        opened.tell(lambda tracker: tracker.close())
