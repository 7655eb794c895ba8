"""How a training ends: threshold, card, curves, samples, and a table to judge it by."""

from __future__ import annotations

from dataclasses import replace

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import FreshScenes, examples
from shapeseg.environment import computing_in
from shapeseg.evaluation.counts import pooled, summarise
from shapeseg.evaluation.prediction import predict
from shapeseg.evaluation.threshold import best_candidate, counts_at, histograms_of
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.models import Architecture, Card, build, file_digest
from shapeseg.models.golden import golden_output
from shapeseg.reporting.tables import table
from shapeseg.terminal import progress_bar
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.own_data import is_own
from shapeseg.workflows.provenance import command_line, versions
from shapeseg.workflows.train_data import TrainingData
from shapeseg.workflows.train_pictures import TrainPictures


def start_card(architecture: Architecture, data: TrainingData) -> Card:
    """Returns the card of a model about to be trained: what it is, of what, by whom."""
    return Card(architecture=architecture, data=data.description, versions=versions(), command=command_line())


def finish(
    folder: RunFolder,
    card: Card,
    val: Dataset | FreshScenes,
    pictures: TrainPictures,
    history: list[dict[str, float]],
    seconds: float,
) -> None:
    """Chooses the threshold on val, writes the final card and the pictures, and prints what was reached."""
    with computing_in("float32"):
        network = build(card.architecture.name, card.architecture.settings)
    network.load_weights(folder.model)
    trained = card.trained_on
    model = OpenedModel(network, card.architecture.stride, target=trained.target, resize=trained.resize)
    found, decidable = [], []
    with progress_bar("measuring", len(val), "image") as progress:
        for predicted in predict(model, examples(val, trained.target)):
            found.append(histograms_of(predicted))
            decidable.append(histograms_of(predicted, decidable=True))
            progress(1)
    model = replace(model, threshold=best_candidate(sum(found[1:], found[0])))
    counts, known = ([counts_at(each, model.threshold) for each in part] for part in (found, decidable))
    scores = {"split": "val", "epochs": len(history), **summarise(counts), "iou_ceiling": pictures.ceiling}
    pictures.draw_samples(model, [(one.wrong, other.wrong) for one, other in zip(known, counts, strict=True)])
    pictures.draw_curves()
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
                **({} if is_own(val) else _of_shapes(pooled(known).iou, pictures)),
                "curves": folder.curves,
                "worst images": folder.samples,
            }
        )
    )


def _of_shapes(decidable: float | None, pictures: TrainPictures) -> dict[str, object]:
    """Returns the rows of what is known of drawn shapes alone."""
    return {
        "val iou, decidable": decidable if pictures.decides else "unknown",
        "val ceiling, of a large set": pictures.ceiling if pictures.decides else "unknown",
    }
