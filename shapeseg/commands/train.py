"""``train``: a dataset in, a run folder with a model, its card, its history and its pictures out."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import tyro

from shapeseg.commands.command_line import CommonOptions, options_to_dict, run
from shapeseg.commands.keras_backend import Device, prepare_keras
from shapeseg.errors import UsageError
from shapeseg.held_signals import HeldSignals
from shapeseg.training.settings import TrackerName, TrainingSettings

if TYPE_CHECKING:
    import keras

    from shapeseg.commands.train_data import TrainingData
    from shapeseg.models import Architecture
    from shapeseg.training.processes import Processes
    from shapeseg.training.run_folder import RunFolder

RUNS = Path("saved_models")


@dataclass(frozen=True)
class TrainOptions(CommonOptions):
    """Train a model to segment the rectangles, and only them."""

    data: Path = Path("data/shapes")
    """Dataset to learn from, made when it is the default one and not there; "none" draws fresh scenes in every epoch."""
    val_data: Path | None = None
    """Dataset whose val split chooses the best epoch and the threshold; by default that of --data."""
    train_images: int | None = None
    """Learn from the first so many images of the train split only."""
    epoch_images: int = 720
    """With --data none: fresh images an epoch."""
    model: str = "unet"
    """Architecture, by name."""
    widths: tuple[int, ...] = ()
    """Channels of each level of the network; empty takes the architecture's own."""
    init_from: Path | None = None
    """Saved model to start from (its architecture counts); by default the first weights are random."""
    out: Path | None = None
    """Run folder; by default the next free saved_models/MODEL-N."""
    resume: bool = False
    """Go on with the run in --out, exactly as if it had never stopped."""
    max_minutes: float | None = None
    """Train for so long, instead of a number of epochs: as many as fit, judged by the first steps."""
    pictures_every: int = 0
    """Draw predictions for the val split every so many epochs; 0 draws them at the end only."""
    device: Device = "auto"
    """Where to compute."""
    track: TrackerName = "none"
    """Where else to show settings, scores, pictures and model; the run's folder holds them all whatever this is."""
    training: Annotated[TrainingSettings, tyro.conf.arg(name="")] = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        if self.resume and self.out is None:
            raise UsageError(
                "resume needs to know which run", received="out=None", fix="Name it: --resume --out saved_models/RUN"
            )
        if self.epoch_images < 1:
            raise UsageError("epoch_images must be 1 or more", received=self.epoch_images, fix="Try 720")
        if self.train_images is not None and self.train_images < 1:
            raise UsageError("train_images must be 1 or more", received=self.train_images, fix="Try 720")
        if str(self.data) == "none" and (self.val_data or self.train_images):
            raise UsageError(
                "fresh scenes are not taken from a dataset",
                received=f"val_data={self.val_data}, train_images={self.train_images}",
                fix="Leave them out, or name a dataset with --data",
            )
        if self.max_minutes is not None and not 0 < self.max_minutes < math.inf:
            raise UsageError("max_minutes must be a number above 0", received=self.max_minutes, fix="Try 10")
        if self.pictures_every < 0:
            raise UsageError("pictures_every must be 0 or more", received=self.pictures_every, fix="Try 5")


def train(options: TrainOptions, callbacks: Sequence[keras.callbacks.Callback] = ()) -> Path:
    """Trains, and returns the path of the saved model.

    Args:
        options: As of the command line.
        callbacks: More of them, one of your own for instance.
    """
    settings = options.training
    prepare_keras(device=options.device, precision=settings.precision, deterministic=settings.deterministic)
    import keras

    from shapeseg.commands.train_data import open_data
    from shapeseg.models import build, load_model
    from shapeseg.training.processes import agree, average_gradients, join_processes, leave_processes
    from shapeseg.training.run_folder import RunFolder, next_free

    processes = join_processes()
    architecture = _architecture(options)
    folder = RunFolder(options.out or next_free(RUNS, architecture.name))
    if options.resume and folder.is_finished():
        print(f"nothing to do: the run in {folder.root} is finished")
        return folder.model
    begun_with = folder.planned_epochs() if options.resume else None
    data = open_data(options, architecture.stride, processes)
    if options.max_minutes is not None:
        epochs = begun_with or agree(_plan(options, architecture, data), processes)
        options = replace(options, training=replace(settings, epochs=epochs))
    keras.utils.set_random_seed(settings.seed % 2**32)
    model = load_model(options.init_from) if options.init_from else build(architecture.name, architecture.settings)
    if processes.writes:
        identity = options_to_dict(options) | {"data_sha256": data.digest}
        folder.resume(identity) if options.resume else folder.make(identity)
    size = f"{model.count_params():,} parameters, {len(data.train.source)} images, {options.training.epochs} epochs"
    print(f"training  {architecture.name}, {size}, on {_device(processes)}, into {folder.root}")
    average_gradients(model, processes)
    _fit_and_report(options, _Run(architecture, data, folder, processes), model, callbacks)
    leave_processes(processes)
    return folder.model


class _Run(NamedTuple):
    architecture: Architecture
    data: TrainingData
    folder: RunFolder
    processes: Processes


def _fit_and_report(
    options: TrainOptions, run: _Run, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]
) -> None:
    """Trains the model and fills the run's folder; of several processes, only one writes."""
    from shapeseg.commands.train_report import draw_samples, finish, start_card
    from shapeseg.datasets.lock import writer_lock
    from shapeseg.models import save_model
    from shapeseg.training.callbacks import BetweenBatches, DrawPictures
    from shapeseg.training.fit import fit
    from shapeseg.training.tracking import tracking

    folder, data, writes = run.folder, run.data, run.processes.writes
    card = start_card(run.architecture, data)
    bar_or_lines = 1 if sys.stdout.isatty() else 2  # a progress bar for a person, a line an epoch for a log
    started = time.monotonic()
    lock = writer_lock(folder.checkpoints) if writes else nullcontext()
    with lock, tracking(options.track if writes else "none", folder.root, options_to_dict(options)) as tracked:

        def save(logs: dict[str, float]) -> None:
            if writes:
                save_model(model, folder.model, replace(card, scores=logs))

        def draw(epoch: int) -> None:
            draw_samples(folder, model, card, data.val, 0.5)
            tracked.tell(lambda tracker: tracker.picture(epoch, folder.samples))

        pictures = DrawPictures(options.pictures_every if writes else 0, draw)
        with HeldSignals() as signals:
            history = fit(
                model,
                data.train,
                data.val,
                options.training,
                save=save,
                history=folder.history if writes else None,
                checkpoints=folder.checkpoints if writes else None,
                resume=folder.newest_checkpoint() if options.resume else None,
                max_minutes=options.max_minutes,
                verbose=bar_or_lines if writes else 0,
                # The same callbacks whatever the options: a checkpoint knows them by their places.
                callbacks=[pictures, tracked, *callbacks, BetweenBatches(signals.hear)],
            )
        if writes:
            finish(folder, card, data.val, history, time.monotonic() - started)
            shutil.rmtree(folder.checkpoints, ignore_errors=True)
            tracked.run_ended(folder, len(history))


def _architecture(options: TrainOptions) -> Architecture:
    """Returns what to train, its settings complete."""
    from shapeseg.models import Architecture, check_name, load_model, read_card

    if options.init_from is not None:
        load_model(options.init_from)  # refuses a model without a card
        card = read_card(options.init_from)
        if card is not None:
            return card.architecture
    check_name(options.model)
    architecture = Architecture(options.model, {"widths": options.widths} if options.widths else {})
    return replace(architecture, settings=options_to_dict(architecture.typed_settings()))


def _plan(options: TrainOptions, architecture: Architecture, data: TrainingData) -> int:
    """Returns how many epochs fit into the minutes asked for, timed on a network that is thrown away."""
    from shapeseg.models import build
    from shapeseg.training.budget import affordable_epochs
    from shapeseg.training.fit import compile_model

    network = build(architecture.name, architecture.settings)
    compile_model(network, options.training, len(data.train))
    return affordable_epochs(network, data.train, data.val, options.max_minutes or 0)


def _device(processes: Processes) -> str:
    import keras

    if keras.backend.backend() != "torch":
        return keras.backend.backend() + (f", {processes.devices} devices" if processes.devices > 1 else "")
    import torch

    device = str(keras.ops.zeros(()).device)
    return torch.cuda.get_device_name() if device.startswith("cuda") else device


def _command(options: TrainOptions) -> None:
    train(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(TrainOptions, _command, argv, prog)
