"""How a training ends: threshold, card, curves, samples, and a table a person can judge by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapeseg.commands.provenance import command_line, versions

if TYPE_CHECKING:
    import keras

    from shapeseg.commands.train_data import TrainingData
    from shapeseg.datasets.feed import Feed
    from shapeseg.evaluation.counts import Counts
    from shapeseg.models import Architecture, Card
    from shapeseg.training.run_folder import RunFolder


def start_card(architecture: Architecture, data: TrainingData) -> Card:
    """Returns the card of a model about to be trained: what it is, of what, by whom."""
    from shapeseg.models import Card

    return Card(
        architecture=architecture,
        data=data.description,
        versions=versions(),
        command=command_line(),
    )


def finish(folder: RunFolder, card: Card, val: Feed, history: list[dict[str, float]], seconds: float) -> None:
    """Chooses the threshold on val, writes the final card and the pictures, and prints what was reached."""
    from shapeseg.evaluation.prediction import predict_batches
    from shapeseg.evaluation.scores import summarise
    from shapeseg.evaluation.threshold import best_candidate, counts_at, histograms
    from shapeseg.models import build, file_digest
    from shapeseg.models.golden import golden_output
    from shapeseg.models.saving import in_float32
    from shapeseg.reporting.pictures import curves_figure, save_figure
    from shapeseg.reporting.tables import table

    with in_float32():
        model = build(card.architecture.name, card.architecture.settings)
    model.load_weights(folder.model)
    stride = card.architecture.stride
    found = [
        histograms(truth, probability)
        for truths, probabilities in predict_batches(model, val, stride=stride)
        for truth, probability in zip(truths, probabilities, strict=True)
    ]
    threshold = best_candidate(sum(found[1:], found[0]))
    counts = [counts_at(each, threshold) for each in found]
    scores: dict[str, Any] = {"split": "val", "epochs": len(history), **summarise(counts)}
    _draw_worst(folder, model, card, val, threshold, counts)
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
    from shapeseg.evaluation.prediction import measure

    counts = measure(model, val, stride=card.architecture.stride, threshold=threshold)
    _draw_worst(folder, model, card, val, threshold, counts)


def _draw_worst(
    folder: RunFolder, model: keras.Model, card: Card, val: Feed, threshold: float, counts: Sequence[Counts]
) -> None:
    from shapeseg.reporting.pictures import prediction_figure, save_figure
    from shapeseg.reporting.prediction_tiles import predictions, worst

    tiles = predictions(model, val, worst(counts, 6), counts, stride=card.architecture.stride, threshold=threshold)
    save_figure(prediction_figure(tiles, "the worst images of the val split"), folder.samples)
