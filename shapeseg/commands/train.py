"""``train``: a dataset in, a run folder with a model, its card, its history and its pictures out."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from shapeseg import __version__, files
from shapeseg.commands.command_line import CommonOptions, options_to_dict, run
from shapeseg.commands.keras_backend import prepare_keras
from shapeseg.training.settings import TrainingSettings

if TYPE_CHECKING:
    import keras

    from shapeseg.datasets import Dataset
    from shapeseg.models import Architecture, Card
    from shapeseg.training.run_folder import RunFolder

RUNS = Path("saved_models")


@dataclass(frozen=True)
class TrainOptions(CommonOptions):
    """Train a model to segment the rectangles, and only them."""

    data: Path = Path("data/shapes")
    """Dataset to learn from; the default one is made when it is not there."""
    model: str = "unet"
    """Architecture, by name."""
    widths: tuple[int, ...] = ()
    """Channels of each level of the network; empty takes the architecture's own."""
    init_from: Path | None = None
    """Saved model to start from (its architecture counts); by default the first weights are random."""
    out: Path | None = None
    """Run folder; by default the next free saved_models/MODEL-N."""
    training: Annotated[TrainingSettings, tyro.conf.arg(name="")] = field(default_factory=TrainingSettings)


def train(options: TrainOptions) -> Path:
    """Trains, and returns the path of the saved model."""
    prepare_keras()
    import keras

    from shapeseg.models import build
    from shapeseg.training.fit import fit
    from shapeseg.training.run_folder import RunFolder, next_free

    settings = options.training
    keras.utils.set_random_seed(settings.seed % 2**32)
    architecture, model = _network(options)
    data = _dataset(options)
    train_feed = data.split("train").feed(settings.batch_size, shuffle_seed=settings.seed, augmented=settings.augment)
    val = data.split("val")
    _check_size(data, architecture)
    for part in (train_feed.dataset, val):
        part.refuse_damage()

    folder = RunFolder(options.out or next_free(RUNS, architecture.name))
    folder.make()
    files.write_json(folder.config, options_to_dict(options))
    card = _card(architecture, data)

    def save(logs: dict[str, float]) -> None:
        from shapeseg.models import save_model

        save_model(model, folder.model, replace(card, scores=logs))

    size = f"{model.count_params():,} parameters"
    print(f"training  {architecture.name}, {size}, {len(train_feed.dataset)} images, into {folder.root}")
    verbose = 1 if sys.stdout.isatty() else 2  # a progress bar for a person, a line an epoch for a log
    history = fit(model, train_feed, val.feed(16), settings, save=save, history=folder.history, verbose=verbose)
    best = build(architecture.name, architecture.settings)
    best.load_weights(folder.model)
    _finish(folder, best, card, val, history)
    return folder.model


def _network(options: TrainOptions) -> tuple[Architecture, keras.Model]:
    from shapeseg.models import Architecture, build, check_name, load_model, read_card

    if options.init_from is not None:
        model, card = load_model(options.init_from), read_card(options.init_from)
        if card is not None:  # load_model refuses a model without one
            return card.architecture, model
    check_name(options.model)
    architecture = Architecture(options.model, {"widths": options.widths} if options.widths else {})
    architecture = replace(architecture, settings=options_to_dict(architecture.typed_settings()))
    return architecture, build(architecture.name, architecture.settings)


def _dataset(options: TrainOptions) -> Dataset:
    from shapeseg.commands.generate import GenerateOptions, generate
    from shapeseg.datasets import Dataset

    default = GenerateOptions()
    if options.data == default.out and not options.data.exists():
        print(
            f"there is no {options.data} yet, so the default dataset is made: {default.num_images} images, seed {default.seed}"
        )
        generate(default)
    return Dataset(options.data)


def _check_size(data: Dataset, architecture: Architecture) -> None:
    from shapeseg.errors import InputError

    stride = architecture.stride
    for row in data.rows:
        height, width = row["height"], row["width"]
        if height % stride or width % stride:
            better = f"{width + -width % stride} x {height + -height % stride}"
            raise InputError(
                f"image sides must be multiples of {stride} for {architecture.name}",
                received=f"{width} x {height} pixels",
                fix=f"Draw images of {better}, or set --widths with fewer levels",
            )


def _card(architecture: Architecture, data: Dataset) -> Card:
    import keras
    import numpy

    from shapeseg.models import Card

    versions = {
        "shapeseg": __version__,
        "keras": keras.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }
    backend = keras.backend.backend()
    versions[backend] = sys.modules[backend].__version__
    return Card(
        architecture=architecture,
        data={"folder": str(data.folder), "sha256": data.digest(), "images": len(data)},
        versions=versions,
        command=shlex.join(["python", *sys.argv]),
    )


def _finish(folder: RunFolder, model: keras.Model, card: Card, val: Dataset, history: dict[str, list[float]]) -> None:
    """Chooses the threshold on val, writes the final card and the pictures, and prints what was reached."""
    from shapeseg.commands.prediction_tiles import predictions, worst
    from shapeseg.evaluation.prediction import measure, predict_batches
    from shapeseg.evaluation.scores import summarise
    from shapeseg.evaluation.threshold import best_threshold
    from shapeseg.models import file_digest
    from shapeseg.reporting.pictures import curves_figure, prediction_figure, save_figure
    from shapeseg.reporting.tables import table

    stride = card.architecture.stride
    threshold = best_threshold(predict_batches(model, val, stride=stride))
    counts = measure(model, val, stride=stride, threshold=threshold)
    scores: dict[str, Any] = {"split": "val", "epochs": len(history["loss"]), **summarise(counts)}
    replace(card, threshold=threshold, scores=scores, sha256=file_digest(folder.model)).write(folder.model)
    save_figure(curves_figure(history), folder.curves)
    tiles = predictions(model, val, worst(counts, 4), counts, stride=stride, threshold=threshold)
    save_figure(prediction_figure(tiles, "the worst images of the val split"), folder.samples)
    print(
        table(
            {
                "model": folder.model,
                "best epoch": 1 + history["val_iou"].index(max(history["val_iou"])),
                "threshold": threshold,
            }
        )
    )
    print(table({f"val {name}": scores[name] for name in ("iou", "dice", "precision", "recall")}))


def _command(options: TrainOptions) -> None:
    train(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(TrainOptions, _command, argv, prog)
