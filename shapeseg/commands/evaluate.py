"""``evaluate``: a saved model and a dataset in; scores, a table per image and pictures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from shapeseg import files
from shapeseg.commands.command_line import CommonOptions, run
from shapeseg.commands.keras_backend import prepare_keras
from shapeseg.commands.progress import progress_bar
from shapeseg.errors import InputError, UsageError, storage_errors

if TYPE_CHECKING:
    import keras

    from shapeseg.datasets.feed import Feed
    from shapeseg.evaluation.counts import Counts

_PICTURED = 6  # images in each picture


@dataclass(frozen=True)
class EvaluateOptions(CommonOptions):
    """Measure a saved model on a dataset."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file; by default the newest under saved_models, else the reference."""
    data: Path = Path("data/shapes")
    """Dataset to measure on."""
    split: str = "test"
    """train, val, test, holdout or all."""
    out: Path | None = None
    """Folder to write; by default reports/RUN. Results of an earlier evaluation there are replaced."""
    threshold: float | None = None
    """Probability from which a pixel counts as rectangle; by default the one in the model's card, chosen on val."""
    trust_model: bool = False
    """Load a model without a card of its own by plain Keras, in its safe mode."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise UsageError("threshold must be between 0 and 1", received=f"threshold={self.threshold}", fix="Try 0.5")


def evaluate(options: EvaluateOptions) -> Path:
    """Measures, writes everything, prints the table, and returns the folder."""
    prepare_keras()
    from shapeseg.datasets import Dataset
    from shapeseg.evaluation.prediction import check_model, measure
    from shapeseg.evaluation.scores import summarise
    from shapeseg.models import file_digest, load_model, read_card
    from shapeseg.reporting.tables import csv_text, table

    path = options.model or _default_model()
    model = load_model(path, trust=options.trust_model)
    check_model(model)
    card = read_card(path)
    threshold = options.threshold or (card.threshold if card else 0.5)
    stride = card.architecture.stride if card else 32
    data = Dataset(options.data).split(options.split)
    data.refuse_damage()
    feed = data.feed(16, target=card.data.get("target", "visible") if card else "visible")
    out = options.out or Path("reports") / path.parent.name
    with storage_errors("the report's folder cannot be made", received=out):
        out.mkdir(parents=True, exist_ok=True)

    with progress_bar("measuring", len(data), "image") as progress:
        counts = measure(model, feed, stride=stride, threshold=threshold, progress=progress)
    scores = summarise(counts)
    provenance = {
        "model": str(path),
        "model_sha256": file_digest(path),
        "dataset": str(options.data),
        "dataset_sha256": data.digest(),
        "split": options.split,
        "threshold": threshold,
    }
    files.write_json(out / "metrics.json", provenance | scores)
    header = ("image_id", "split", "iou", "dice", "precision", "recall", *counts[0]._fields)
    rows = [
        (row["image_id"], row["split"], each.iou, each.dice, each.precision, each.recall, *each)
        for row, each in zip(data.rows, counts, strict=True)
    ]
    files.write_text(out / "per_image.csv", csv_text(header, rows))
    _write_pictures(out, model, feed, counts, stride=stride, threshold=threshold)
    print(table({"model": path, "dataset": options.data, "split": options.split, "threshold": threshold} | scores))
    print(f"wrote {', '.join(str(out / name) for name in ('metrics.json', 'per_image.csv', 'worst.png', 'random.png'))}")
    return out


def _write_pictures(
    out: Path, model: keras.Model, feed: Feed, counts: Sequence[Counts], *, stride: int, threshold: float
) -> None:
    from shapeseg.commands.prediction_tiles import predictions, worst
    from shapeseg.reporting.pictures import prediction_figure, save_figure
    from shapeseg.scenes.streams import Stream, permutation, words

    places = list(range(len(counts)))
    chosen = permutation(words(0, Stream.SHUFFLE, 0, len(places)), places)[:_PICTURED]
    for name, heading, shown in (
        ("worst.png", "most wrong pixels", worst(counts, _PICTURED)),
        ("random.png", "drawn at random", chosen),
    ):
        tiles = predictions(model, feed, shown, counts, stride=stride, threshold=threshold)
        save_figure(prediction_figure(tiles, heading), out / name)


def _default_model() -> Path:
    from shapeseg.commands.train import RUNS
    from shapeseg.training.run_folder import newest_model

    path = newest_model(RUNS)
    if path is None:
        raise InputError("there is no saved model yet", received=RUNS, fix="Train one with: python train.py")
    return path


def _command(options: EvaluateOptions) -> None:
    evaluate(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(EvaluateOptions, _command, argv, prog)
