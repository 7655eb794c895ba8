"""How a training ends: threshold, card, curves, samples, and a table a person can judge by."""

from __future__ import annotations

import platform
import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapeseg import __version__

if TYPE_CHECKING:
    import keras

    from shapeseg.commands.train_data import TrainingData
    from shapeseg.datasets.feed import Feed
    from shapeseg.models import Architecture, Card
    from shapeseg.training.run_folder import RunFolder


def start_card(architecture: Architecture, data: TrainingData) -> Card:
    """Returns the card of a model about to be trained: what it is, of what, by whom."""
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
        data=data.description,
        versions=versions,
        command=shlex.join(["python", *sys.argv]),
    )


def finish(folder: RunFolder, card: Card, val: Feed, history: list[dict[str, float]], seconds: float) -> None:
    """Chooses the threshold on val, writes the final card and the pictures, and prints what was reached."""
    from shapeseg.evaluation.prediction import measure, predict_batches
    from shapeseg.evaluation.scores import summarise
    from shapeseg.evaluation.threshold import best_threshold
    from shapeseg.models import build, file_digest
    from shapeseg.models.golden import golden_output
    from shapeseg.reporting.pictures import curves_figure, save_figure
    from shapeseg.reporting.tables import table

    model = build(card.architecture.name, card.architecture.settings)
    model.load_weights(folder.model)
    stride = card.architecture.stride
    threshold = best_threshold(predict_batches(model, val, stride=stride))
    counts = measure(model, val, stride=stride, threshold=threshold)
    scores: dict[str, Any] = {"split": "val", "epochs": len(history), **summarise(counts)}
    draw_samples(folder, model, card, val, threshold)
    save_figure(curves_figure({name: [row[name] for row in history] for name in history[0]}), folder.curves)
    golden = golden_output(model, stride=stride)
    replace(card, threshold=threshold, scores=scores, sha256=file_digest(folder.model), golden=golden).write(folder.model)
    best = max(history, key=lambda row: row["val_iou"])
    print(
        table(
            {
                "model": folder.model,
                "best epoch": f"{best['epoch']} of {len(history)}",
                "training time": f"{seconds:.0f} s",
                "threshold": threshold,
                **{f"val {name}": scores[name] for name in ("iou", "dice", "precision", "recall")},
                "val iou, decidable": best["val_iou_decidable"],
                "curves": folder.curves,
                "worst images": folder.samples,
            }
        )
    )


def draw_samples(folder: RunFolder, model: keras.Model, card: Card, val: Feed, threshold: float) -> None:
    """Draws the val images with the most wrong pixels."""
    from shapeseg.commands.prediction_tiles import predictions, worst
    from shapeseg.evaluation.prediction import measure
    from shapeseg.reporting.pictures import prediction_figure, save_figure

    stride = card.architecture.stride
    counts = measure(model, val, stride=stride, threshold=threshold)
    tiles = predictions(model, val, worst(counts, 6), counts, stride=stride, threshold=threshold)
    save_figure(prediction_figure(tiles, "the worst images of the val split"), folder.samples)
