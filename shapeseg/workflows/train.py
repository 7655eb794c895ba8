"""Training: a dataset in, a run folder with a model, its card, its history and its pictures out."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapeseg import files
from shapeseg.card_files import model_file
from shapeseg.environment import computing_in, prepare_keras, require_packages
from shapeseg.errors import UsageError
from shapeseg.folders import writer_lock
from shapeseg.held_signals import HeldSignals
from shapeseg.settings import options_to_dict
from shapeseg.terminal import no_progress, progress_lines
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
    """What a training needs in addition to its options and its model."""

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
    if options.init_from is not None:
        options = replace(options, init_from=model_file(options.init_from))
    if options.track != "none":
        require_packages([options.track], f"--track {options.track}")
    prepare_keras(device=options.device)
    with computing_in(settings.precision, deterministic=settings.deterministic):
        return _train(options, callbacks)


def _train(options: TrainOptions, callbacks: Sequence[keras.callbacks.Callback]) -> Path:
    import keras

    from shapeseg.models import build
    from shapeseg.training.keras_callbacks import refuse_unsuited
    from shapeseg.training.processes import agree, average_gradients, join_processes, leave_processes
    from shapeseg.training.run_folder import RunFolder
    from shapeseg.workflows.train_data import open_training_data

    settings = options.training
    refuse_unsuited(callbacks, settings)
    processes = join_processes()
    begun_with = None
    if options.resume and options.out is not None:
        begun = RunFolder(options.out)
        if begun.is_finished():
            return _nothing_to_do(begun, settings.epochs)
        begun_with = begun.planned_epochs()
    architecture, start = _start(options)
    data = open_training_data(options, architecture.stride, processes)
    options = replace(options, training=data.settings)
    if options.max_minutes is not None:
        epochs = begun_with or agree(_plan(options, architecture, data), processes)
        options = replace(options, training=replace(data.settings, epochs=epochs))
    keras.utils.set_random_seed(settings.seed % 2**32)
    model = start or build(architecture.name, architecture.settings)
    folder = RunFolder(options.out or _claim(architecture, processes))
    if processes.writes:
        identity = options_to_dict(options) | {"data_sha256": data.digest}
        folder.resume(identity) if options.resume else folder.make(identity)
        _keep_train_images(folder, data, options.init_from)
    shown = len(data.train.source)
    images = f"{data.images} images" + ("" if shown == data.images else f" shown {shown} times an epoch")
    size = f"{model.count_params():,} parameters, {images}, {options.training.epochs} epochs"
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
    from shapeseg.workflows.train_pictures import TrainPictures
    from shapeseg.workflows.train_report import finish, start_card

    folder, data, writes = run.folder, run.data, run.processes.writes
    card = start_card(run.architecture, data)
    pictures = TrainPictures(folder, data.measured, data.val.target)
    now = OpenedModel(model, card.architecture.stride, target=data.val.target, resize=card.trained_on.resize)
    watched = sys.stdout.isatty()
    started = time.monotonic()
    lock = writer_lock(folder.checkpoints) if writes else nullcontext()
    with lock, tracking(options.track if writes else "none", folder.root, options_to_dict(options)) as tracked:

        def save(logs: dict[str, float | None]) -> None:
            if writes:
                save_model(model, folder.model, replace(card, scores=logs))

        def draw(epoch: int, logs: object = None) -> None:
            if not writes:
                return
            pictures.draw_curves()
            if options.pictures_every and (epoch + 1) % options.pictures_every == 0:
                pictures.draw_samples(now)
                tracked.tell(lambda tracker: tracker.picture(epoch + 1, folder.samples))

        resume = folder.newest_checkpoint() if options.resume else None
        epochs = options.training.epochs - (resume.epoch if resume else 0)
        steps = epochs * (len(data.train) + len(data.val))
        told = progress_lines("training", steps, "step") if writes and not watched else nullcontext(no_progress)
        with HeldSignals() as signals, told as progress:

            def hear(batch: int, logs: object = None) -> None:
                signals.hear()
                progress(1)

            history = fit(
                model,
                data.train,
                data.val,
                options.training,
                save=save,
                history=folder.history if writes else None,
                checkpoints=folder.checkpoints if writes else None,
                resume=resume,
                max_minutes=options.max_minutes,
                verbose=(1 if watched else 2) if writes else 0,  # a bar for a person, a line an epoch for a log
                # The same callbacks whatever the options: a checkpoint knows them by their places.
                callbacks=[
                    keras.callbacks.LambdaCallback(on_epoch_end=draw),
                    tracked,
                    *callbacks,
                    keras.callbacks.LambdaCallback(on_train_batch_begin=hear, on_test_batch_begin=hear),
                ],
            )
        if writes:
            finish(folder, card, data.measured, pictures, history, time.monotonic() - started)
            folder.remove_checkpoints()
            tracked.run_ended(folder, len(history))


def _nothing_to_do(folder: RunFolder, asked: int) -> Path:
    """Says that a run is finished, and returns its model.

    Raises:
        UsageError: If other epochs are asked for.
    """
    from shapeseg.training.settings import TrainingSettings

    epochs = folder.finished_epochs()
    if asked not in (epochs, TrainingSettings().epochs):  # of flags that leave it out, we see the default
        raise UsageError(
            f"the run is finished, and had {epochs} epochs",
            received=f"epochs={asked}, {folder.root}",
            fix=f"To train further, name another --out, and --init-from {folder.model}",
        )
    folder.remove_checkpoints()  # a kill may have left some
    print(f"nothing to do: the run in {folder.root} is finished, after {epochs} epochs at most")
    return folder.model


def _start(options: TrainOptions) -> tuple[Architecture, keras.Model | None]:
    """Returns what to train, its settings complete, and the saved model to start from, if any."""
    from shapeseg.models import Architecture, build, check_name, load_with_card

    if options.init_from is not None:
        saved, _, card = load_with_card(options.init_from)
        if card is not None:  # it is there: without one, the model is refused
            model = build(card.architecture.name, card.architecture.settings)  # in the precision of this training
            model.set_weights(saved.get_weights())
            return card.architecture, model
    check_name(options.model)
    architecture = Architecture(options.model, {"widths": options.widths} if options.widths else {})
    return replace(architecture, settings=options_to_dict(architecture.typed_settings())), None


def _claim(architecture: Architecture, processes: Processes) -> Path:
    """Makes the folder of a run that was given none; of several processes, the one that writes does."""
    from shapeseg.training.processes import agree
    from shapeseg.training.run_folder import claim_number, numbered

    number = agree(claim_number(RUNS, architecture.name) if processes.writes else 0, processes)
    return numbered(RUNS, architecture.name, number)


def _keep_train_images(folder: RunFolder, data: TrainingData, init_from: Path | None) -> None:
    """Writes which images the model will have learned from, and the one that it starts from has, if that is known.

    Of the user's own images, also in which split each one is, so that a new one moves none between training and test.
    """
    from shapeseg.training.run_folder import read_train_images

    before = read_train_images(init_from) if init_from else frozenset()
    if before is not None:
        lines = dict.fromkeys([*sorted(before), *data.learned_from])
        files.write_text(folder.train_images, "".join(f"{line}\n" for line in lines))
    if data.splits is not None:
        files.write_text(folder.splits, data.splits)


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
