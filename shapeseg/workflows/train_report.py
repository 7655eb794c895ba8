"""How a training ends: threshold, card, curves, samples, and a table a person can judge by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.examples import ExampleSource, example_at, examples
from shapeseg.environment import computing_in
from shapeseg.evaluation.counts import Counts, summarise
from shapeseg.evaluation.prediction import Predicted, predict
from shapeseg.evaluation.threshold import best_candidate, counts_at, histograms
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.models import Architecture, Card, build, file_digest
from shapeseg.models.golden import golden_output
from shapeseg.reporting.pictures import prediction_figure, save_figure
from shapeseg.reporting.tables import table
from shapeseg.reporting.tiles import prediction_tile, worst
from shapeseg.reporting.training_charts import curves_figure
from shapeseg.terminal import progress_bar
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.provenance import command_line, versions
from shapeseg.workflows.train_data import TrainingData

_PICTURED = 6  # images


def start_card(architecture: Architecture, data: TrainingData) -> Card:
    """Returns the card of a model about to be trained: what it is, of what, by whom."""
    return Card(architecture=architecture, data=data.description, versions=versions(), command=command_line())


def finish(folder: RunFolder, card: Card, data: TrainingData, history: list[dict[str, float]], seconds: float) -> None:
    """Chooses the threshold on val, writes the final card and the pictures, and prints what was reached."""
    with computing_in("float32"):
        network = build(card.architecture.name, card.architecture.settings)
    network.load_weights(folder.model)
    val, target = data.measured, data.val.target
    model = OpenedModel(network, card.architecture.stride, target=target, resize=card.trained_on.resize)
    found, decidable = [], histograms(np.zeros(0, bool), np.zeros(0, np.float32))
    with progress_bar("measuring", len(val), "image") as progress:
        for predicted in predict(model, examples(val, target)):
            found.append(_histogram(predicted))
            decidable += _histogram(predicted, decidable=True)
            progress(1)
    model = replace(model, threshold=best_candidate(sum(found[1:], found[0])))
    counts = [counts_at(each, model.threshold) for each in found]
    scores = {"split": "val", "epochs": len(history), **summarise(counts)}
    _draw(folder, model, val, counts)
    save_figure(curves_figure({name: [row[name] for row in history] for name in history[0]}), folder.curves)
    digest, golden = file_digest(folder.model), golden_output(network, stride=model.stride)
    replace(card, threshold=model.threshold, scores=scores, sha256=digest, golden=golden).write(folder.model)
    best = max(history, key=lambda row: row["val_iou"])
    print(
        table(
            {
                "model": folder.model,
                "best epoch": f"{best['epoch']} of {len(history)}",
                "training time": f"{seconds:.0f} s",
                "threshold": model.threshold,
                **{f"val {name}": scores[name] for name in ("iou", "dice", "precision", "recall")},
                "val iou, decidable": counts_at(decidable, model.threshold).iou if _knows_ambiguity(data) else "unknown",
                "curves": folder.curves,
                "worst images": folder.samples,
            }
        )
    )


def draw_worst(folder: RunFolder, model: OpenedModel, val: ExampleSource) -> None:
    """Draws the val images with the most wrong pixels."""
    predictions = predict(model, examples(val, model.target))
    _draw(folder, model, val, [predicted.counts(model.threshold) for predicted in predictions])


def _histogram(predicted: Predicted, *, decidable: bool = False) -> NDArray[np.int64]:
    """Counts pixels by label and probability, all or the decidable ones.

    Ignored ones are no target, and have probability 0, which no score counts.
    """
    example, probability = predicted.example, predicted.plain
    if example.ignored is not None:
        probability = np.where(example.ignored, np.float32(0), probability)
    if decidable and example.ambiguous.any():
        return histograms(example.target[~example.ambiguous], probability[~example.ambiguous])
    return histograms(example.target, probability)


def _knows_ambiguity(data: TrainingData) -> bool:
    """Whether it is known which pixels the image does not tell: of visible rectangles, by the rule of their scenes."""
    return data.val.target == "visible" and data.measured.rule is not None


def _draw(folder: RunFolder, model: OpenedModel, val: ExampleSource, counts: Sequence[Counts]) -> None:
    """Draws the images with the most wrong pixels; each is predicted again, so that none need be kept."""
    shown = (example_at(val, place, model.target) for place in worst(counts, _PICTURED))
    tiles = [
        prediction_tile(f"{val.index_of(predicted.example.place, 0):06d}", predicted, model.threshold)
        for predicted in predict(model, shown)
    ]
    save_figure(prediction_figure(tiles, "the worst images of the val split"), folder.samples)
