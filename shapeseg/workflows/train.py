"""Training: a dataset in, a run folder with a model, its card, its history and its pictures out."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapeseg import files
from shapeseg.environment import prepare_keras, require_packages
from shapeseg.folders import writer_lock
from shapeseg.held_signals import HeldSignals
from shapeseg.settings import options_to_dict
from shapeseg.workflows.options import TrainOptions

if TYPE_CHECKING:
    import keras

    from shapeseg.models import Architecture
    from shapeseg.training.processes import Processes
    from shapeseg.training.run_folder import RunFolder
    from shapeseg.workflows.train_data import TrainingData

RUNS = Path("saved_models")


@dataclass(frozen=True)
class _Run:
    """What a training needs beside its options and its model."""

    architecture: Architecture
    data: TrainingData
    folder: RunFolder
    processes: Processes


def train(options: TrainOptions, callbacks: Sequence[keras.callbacks.Callback] = ()) -> Path:
    """Trains, and returns the path of the saved model.

    Args:
        options: As of the command line.
        callbacks: More of them, one of your own for instance.
    """
    settings = options.training
    if options.track != "none":
        require_packages([options.track], f"--track {options.track}")
    prepare_keras(device=options.device, precision=settings.precision, deterministic=settings.deterministic)
    import keras

    from shapeseg.models import build, load_model
    from shapeseg.training.processes import agree, average_gradients, join_processes, leave_processes
    from shapeseg.training.run_folder import RunFolder, next_free
    from shapeseg.workflows.train_data import open_training_data

    processes = join_processes()
    architecture = _architecture(options)
    folder = RunFolder(options.out or next_free(RUNS, architecture.name))
    if options.resume and folder.is_finished():
        print(f"nothing to do: the run in {folder.root} is finished")
        return folder.model
    begun_with = folder.planned_epochs() if options.resume else None
    data = open_training_data(options, architecture.stride, processes)
    if options.max_minutes is not None:
        epochs = begun_with or agree(_plan(options, architecture, data), processes)
        options = replace(options, training=replace(settings, epochs=epochs))
    keras.utils.set_random_seed(settings.seed % 2**32)
    model = load_model(options.init_from) if options.init_from else build(architecture.name, architecture.settings)
    if processes.writes:
        identity = options_to_dict(options) | {"data_sha256": data.digest}
        folder.resume(identity) if options.resume else folder.make(identity)
        _keep_train_images(folder, data, options.init_from)
    size = f"{model.count_params():,} parameters, {len(data.train.source)} images, {options.training.epochs} epochs"
    print(f"training  {architecture.name}, {size}, on {_device(processes)}, into {folder.root}")
    average_gradients(model, processes)
    _fit_and_report(options, _Run(architecture, data, folder, processes), model, callbacks)
    leave_processes(processes)
    return folder.model


def _fit_and_report(
    options: TrainOptions, run: _Run, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]
) -> None:
    """Trains the model and fills the run's folder; of several processes, only one writes."""
    import keras

    from shapeseg.inference.opened_model import OpenedModel
    from shapeseg.models import save_model
    from shapeseg.training.fit import fit
    from shapeseg.training.tracking import tracking
    from shapeseg.workflows.train_report import draw_worst, finish, start_card

    folder, data, writes = run.folder, run.data, run.processes.writes
    card = start_card(run.architecture, data)
    now = OpenedModel(model, card.architecture.stride, target=data.val.target)
    bar_or_lines = 1 if sys.stdout.isatty() else 2  # a progress bar for a person, a line an epoch for a log
    started = time.monotonic()
    lock = writer_lock(folder.checkpoints) if writes else nullcontext()
    with lock, tracking(options.track if writes else "none", folder.root, options_to_dict(options)) as tracked:

        def save(logs: dict[str, float]) -> None:
            if writes:
                save_model(model, folder.model, replace(card, scores=logs))

        def draw(epoch: int, logs: object = None) -> None:
            if writes and options.pictures_every and (epoch + 1) % options.pictures_every == 0:
                draw_worst(folder, now, data.val.source)
                tracked.tell(lambda tracker: tracker.picture(epoch + 1, folder.samples))

        pictures = keras.callbacks.LambdaCallback(on_epoch_end=draw)
        with HeldSignals() as signals:

            def hear(batch: int, logs: object = None) -> None:
                signals.hear()

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
                callbacks=[
                    pictures,
                    tracked,
                    *callbacks,
                    keras.callbacks.LambdaCallback(on_train_batch_begin=hear, on_test_batch_begin=hear),
                ],
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


def _keep_train_images(folder: RunFolder, data: TrainingData, init_from: Path | None) -> None:
    """Writes which images the model will have learned from, and the one that it starts from has, if that is known."""
    from shapeseg.training.run_folder import read_train_images

    before = read_train_images(init_from) if init_from else frozenset()
    if before is not None:
        lines = dict.fromkeys([*sorted(before), *data.learned_from])
        files.write_text(folder.train_images, "".join(f"{line}\n" for line in lines))


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
