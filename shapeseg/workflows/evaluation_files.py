"""What an evaluation writes: scores, tables, pictures and the report."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from shapeseg import files
from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import Example, exact_probability, example_at
from shapeseg.datasets.sizes import at_most
from shapeseg.evaluation import Evaluation
from shapeseg.evaluation.corruption_curves import CorruptionCurves
from shapeseg.evaluation.evaluation import Shown
from shapeseg.evaluation.instances import InstanceRecord
from shapeseg.evaluation.metrics import Metrics
from shapeseg.folders import result_folder, whole_path
from shapeseg.incoming import json_object
from shapeseg.reporting.corruptions_picture import corruptions_figure
from shapeseg.reporting.pictures import save_figure
from shapeseg.reporting.prediction_pictures import Prediction, prediction_figure
from shapeseg.reporting.report import ReportImage, write_report
from shapeseg.reporting.tables import csv_text
from shapeseg.scenes.scene import Target
from shapeseg.scenes.streams import Stream, permutation, words
from shapeseg.settings import options_to_dict
from shapeseg.workflows.options import EvaluateOptions

REPORTED = 60
"""Images in the report: the worst ones."""

_PICTURED = 6  # images in each picture
_REPORTED_SIDE = 1024  # most pixels of an image in the report along a side
_METRICS = "metrics.json"
_CORRUPTIONS = ("corruptions.json", "corruptions.png")
_NAMES = ("per_image.csv", "per_instance.csv", "worst.png", "random.png", "report.html", "config.json", _METRICS)


def report_folder(out: Path) -> AbstractContextManager[int]:
    """Holds the folder of a report while one is made; see :func:`result_folder`."""
    return result_folder(out, "report", _holds_report)


def _holds_report(folder: Path) -> bool:
    """Whether the scores in a folder are of an evaluation."""
    return {"model_sha256", "dataset_sha256"} <= json_object(folder / _METRICS).keys()


def random_places(count: int) -> list[int]:
    """Returns the places of the images that ``random.png`` shows."""
    return permutation(words(0, Stream.SHUFFLE, 0, count), list(range(count)))[:_PICTURED]


def write_evaluation(
    out: Path,
    options: EvaluateOptions,
    whole: Dataset,
    data: Dataset,
    metrics: Metrics,
    evaluation: Evaluation,
    corrupted: CorruptionCurves | None,
    history: list[dict[str, float]] | None,
    val_ceiling: float | None,
) -> list[str]:
    """Writes everything into ``out`` and returns the names of the files. ``metrics.json`` comes last: where it is, all is."""
    for name in (_METRICS, *_CORRUPTIONS):
        (out / name).unlink(missing_ok=True)  # of an earlier evaluation
    images = [list(row.values()) for row in evaluation.images]
    files.write_text(out / "per_image.csv", csv_text(list(evaluation.images[0]), images))
    header = ["index", "image_id", "split", *InstanceRecord._fields]
    files.write_text(out / "per_instance.csv", csv_text(header, [list(row.values()) for row in evaluation.instances]))
    _write_pictures(out, data, metrics["target"], evaluation)
    reported = _report_images(whole, data, metrics["target"], evaluation)
    run = whole_path(Path(metrics["model"])).parent
    part = "all images" if metrics["split"] == "all" else f"the {metrics['split']} split"
    title = f"{run.name} on {part} of {metrics['dataset']}"
    write_report(out / "report.html", metrics, reported, title=title, history=history, val_ceiling=val_ceiling)
    files.write_json(out / "config.json", options_to_dict(options))
    if corrupted is not None:
        files.write_json(out / _CORRUPTIONS[0], corrupted)
        save_figure(corruptions_figure(corrupted), out / _CORRUPTIONS[1])
    files.write_json(out / _METRICS, metrics)
    return [*_NAMES, *(_CORRUPTIONS if corrupted is not None else ())]


def _write_pictures(out: Path, data: Dataset, target: Target, evaluation: Evaluation) -> None:
    decides = evaluation.metrics["calibration"]["decidable"] is not None
    most = "most wrong pixels that can be known" if decides else "most wrong pixels"
    for name, how, places in (
        ("worst.png", most, evaluation.worst[:_PICTURED]),
        ("random.png", "drawn at random", random_places(len(data))),
    ):
        tiles = [
            _picture_of(data.rows[place]["image_id"], example_at(data, place, target), target, evaluation.shown[place])
            for place in places
        ]
        heading = f"{len(places)} of {len(data)} images: {how}"
        save_figure(prediction_figure(tiles, heading, data.target_name), out / name)


def _picture_of(name: str, example: Example, target: Target, shown: Shown) -> Prediction:
    exact = exact_probability(example.truth, target)
    return Prediction(name, example.image, example.target, shown.predicted, exact, shown.belief).small()


def _report_images(whole: Dataset, data: Dataset, target: Target, evaluation: Evaluation) -> list[ReportImage]:
    instances: dict[int, list[dict[str, Any]]] = {}
    for row in evaluation.instances:
        instances.setdefault(row["index"], []).append(row)
    starts = {row["index"]: place for place, row in enumerate(whole.rows)}
    return [
        _report_image(data, evaluation, example_at(data, place, target), target, starts, instances)
        for place in evaluation.worst
    ]


def _report_image(
    data: Dataset,
    evaluation: Evaluation,
    example: Example,
    target: Target,
    starts: Mapping[int, int],
    instances: Mapping[int, Sequence[Mapping[str, Any]]],
) -> ReportImage:
    row, counts, shown = data.rows[example.place], evaluation.counts[example.place], evaluation.shown[example.place]
    exact = exact_probability(example.truth, target)
    picture = f"{row['image_id']}.png"
    preview = ["preview", str(data.folder), "--start", str(starts[row["index"]]), "--rows", "1", "--columns", "1"]
    return ReportImage(
        index=row["index"],
        image_id=row["image_id"],
        split=row["split"],
        iou=counts.iou,
        wrong_pixels=counts.wrong,
        wrong_decidable=None if exact is None else evaluation.decidable[example.place].wrong,
        image=at_most(_REPORTED_SIDE, example.image),
        truth=at_most(_REPORTED_SIDE, example.target),
        predicted=at_most(_REPORTED_SIDE, shown.predicted),
        belief=at_most(_REPORTED_SIDE, shown.belief),
        exact=None if exact is None else at_most(_REPORTED_SIDE, exact),
        instances=instances.get(row["index"], []),
        regenerate=shlex.join(["python", "-m", "shapeseg", *preview, "--out", picture]),
    )
