"""What notebooks use in addition to the rest of the face: the root of the repository, a dataset, pictures and tables."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shapeseg.datasets import Dataset, create_dataset
from shapeseg.datasets.examples import examples
from shapeseg.datasets.statistics import statistics
from shapeseg.errors import InputError
from shapeseg.incoming import MAX_TEXT, parse_json, read_file
from shapeseg.inference.opened_model import open_model
from shapeseg.reporting import evaluation_charts
from shapeseg.reporting.evaluation_charts import breakdown_figure, calibration_figure, response_figure
from shapeseg.reporting.pictures import gallery_figure, scene_figure
from shapeseg.reporting.pixels import error_map, unknowable_map
from shapeseg.reporting.statistics_picture import statistics_figure
from shapeseg.reporting.style import enlarge_text as for_slides
from shapeseg.reporting.style import shade
from shapeseg.reporting.tables import first_section, markdown_table, table, without_pictures
from shapeseg.reporting.training_charts import runs_figure
from shapeseg.scenes.twins import DESCRIPTIONS
from shapeseg.value_types import check_type
from shapeseg.workflows.notebook_pictures import occlusion_dials, predictions_figure, twin_dial
from shapeseg.workflows.options import GenerateOptions
from shapeseg.workflows.study.pictures import headline_figure
from shapeseg.workflows.study.tables import decidable_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "DESCRIPTIONS",
    "NO_RECIPES",
    "breakdown_figure",
    "calibration_figure",
    "error_map",
    "errors_figure",
    "first_section",
    "for_slides",
    "gallery_figure",
    "markdown_table",
    "occlusion_dials",
    "open_data",
    "predictions_figure",
    "response_figure",
    "runs_figure",
    "scene_figure",
    "shade",
    "statistics",
    "statistics_figure",
    "study_figure",
    "study_table",
    "table",
    "threshold_figure",
    "twin_dial",
    "unknowable_map",
    "without_pictures",
    "work_in_root",
]

NO_RECIPES = "This needs recipes, which only a dataset made by shapeseg has, so there is nothing to show here."

_DEFAULT = GenerateOptions()


def work_in_root() -> None:
    """Makes the root of the repository the current folder, from wherever in it a notebook was started.

    Raises:
        InputError: If this is not a folder of the repository.
    """
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "pyproject.toml").exists()), None)
    if root is None:
        raise InputError("this is not a folder of the repository", received=here, fix="Start the notebook in the repository")
    os.chdir(root)


def open_data(folder: str | Path, num_images: int | None = None) -> Dataset:
    """Returns the first images of a dataset; where they are fewer than were asked for, says so, and how to draw more.

    A dataset that is not there is drawn, with as many images as the default dataset, or more if more are asked for.

    Args:
        folder: A dataset, or a plain folder of images and masks.
        num_images: 1 or more; None takes all.
    """
    check_type("folder", folder, Path)
    check_type("num_images", num_images, int | None)
    path = Path(folder)
    if not path.exists():
        most = max(num_images or 0, _DEFAULT.num_images)
        print(f"there is no {path} yet, so it is drawn: {most} images")
        create_dataset(path, num_images=most, seed=_DEFAULT.seed, workers=1)
    data = Dataset(path)
    if num_images is not None and num_images > len(data):
        missing = num_images - len(data)
        more = f"; for more: python -m shapeseg append {path} --num-images {missing}" if data.has_recipes else ""
        print(f"{path} holds {len(data)} images, not {num_images}: all of them are taken{more}")
        num_images = None
    return data if num_images is None else data.first(num_images)


def study_table(results: str | Path) -> str:
    """Returns what a study found in one Markdown table: IoU on decidable pixels, a row a training set, a column a test set.

    Args:
        results: A ``study.json``.
    """
    return decidable_table(parse_json(read_file(Path(results), most=MAX_TEXT))["matrix"])


def study_figure(results: str | Path) -> Figure:
    """Draws a row a training set of a study: IoU on natural images, and what its models take to be in front.

    Args:
        results: A ``study.json``.
    """
    return headline_figure(parse_json(read_file(Path(results), most=MAX_TEXT)))


def errors_figure(report: str | Path) -> Figure | str:
    """Draws where the wrong pixels of an evaluation lie, and the IoU of each image against its most hidden rectangle.

    Args:
        report: Folder that an evaluation has written.

    Returns:
        The figure, or what is to be said where recipes are unknown.
    """
    places = parse_json(read_file(Path(report) / "metrics.json", most=MAX_TEXT))["wrong_pixels"]
    if places is None:
        return NO_RECIPES
    rows = csv.DictReader(io.StringIO(read_file(Path(report) / "per_image.csv", most=MAX_TEXT).decode()))
    return evaluation_charts.errors_figure(places, [_scores(row) for row in rows])


def _scores(row: Mapping[str, str]) -> dict[str, float | None]:
    return {name: float(row[name]) if row[name] else None for name in ("iou", "max_occlusion")}


def threshold_figure(model: str | Path, data: Dataset) -> Figure:
    """Draws IoU, precision and recall of a saved model against the threshold, its own marked.

    Args:
        model: A run's folder or its ``model.keras``.
        data: The val split, on which its threshold was chosen.
    """
    from shapeseg.evaluation.prediction import predict
    from shapeseg.evaluation.threshold import histograms_of

    opened = open_model(Path(model))
    found = [histograms_of(each) for each in predict(opened, examples(data, opened.target))]
    return evaluation_charts.threshold_figure(sum(found[1:], found[0]), opened.threshold)
