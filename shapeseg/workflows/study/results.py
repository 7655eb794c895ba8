"""What the occlusion study writes: all numbers, the tables, and the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shapeseg import files
from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import example_at
from shapeseg.evaluation.intervals import RECALL_IMAGES
from shapeseg.evaluation.prediction import predict
from shapeseg.inference.opened_model import open_model
from shapeseg.models import read_card
from shapeseg.reporting.pictures import save_figure
from shapeseg.workflows.study.cells import Cell
from shapeseg.workflows.study.intervals import LEAST_IMAGES
from shapeseg.workflows.study.matrix import Arms, counterfactual, iou_matrix, largest_losses, response
from shapeseg.workflows.study.order import order_test
from shapeseg.workflows.study.origin import origin_of
from shapeseg.workflows.study.pictures import Comparison, arms_response_figure, comparison_figure, matrix_figure, order_figure
from shapeseg.workflows.study.record import Composition, Model, StudyResults
from shapeseg.workflows.study.scores import SetScores, pairs_of
from shapeseg.workflows.study.settings import BASE, ArmName, StudyOptions
from shapeseg.workflows.study.tables import study_page

Key = tuple[ArmName, int]

INTERVALS = (
    "In brackets: 95 % intervals for other seeds and other test images, the wider of a t interval over seeds alone and one "
    "over seeds and images. A score without one has too few for it: needed are two seeds, and for pooled scores "
    f"{LEAST_IMAGES} images, for recall and invented pixels {RECALL_IMAGES} images with such rectangles."
)
_PICTURED = 3  # of each of two test sets


def study_results(
    options: StudyOptions,
    training_sets: dict[str, Composition],
    tests: Mapping[str, Dataset],
    cells: Mapping[Key, Cell],
    scores: Mapping[Key, Mapping[str, SetScores]],
) -> StudyResults:
    """Returns everything that the study found, as ``study.json`` holds it.

    Args:
        options: Options of the study.
        training_sets: What those of each arm hold.
        tests: Test sets by name.
        cells: Trained models of each arm and seed.
        scores: Scores of each arm and seed on each test set.
    """
    seeds = range(options.seeds)
    by_test: dict[str, Arms] = {
        name: {arm: [scores[arm, seed][name] for seed in seeds] for arm in options.arms} for name in tests
    }
    natural = tests["natural"]
    pairs = [pairs_of(natural.scene(place)) for place in range(len(natural))]
    return {
        **origin_of(options),
        "intervals": INTERVALS,
        "training_sets": training_sets,
        "test_sets": {name: {"images": len(data), "sha256": data.digest()} for name, data in tests.items()},
        "matrix": {name: iou_matrix(arms) for name, arms in by_test.items()},
        "response": response(by_test["dialled"]),
        "counterfactual": counterfactual(by_test["natural"], by_test["removed"], pairs),
        "order": order_test(by_test["natural"], by_test["reversed"]),
        "worst": {name: largest_losses(arms, [row["index"] for row in tests[name].rows]) for name, arms in by_test.items()},
        "models": {arm: [_model(cells[arm, seed]) for seed in seeds] for arm in options.arms},
    }


def write_study(out: Path, results: StudyResults, tests: Mapping[str, Dataset], cells: Mapping[Key, Cell]) -> None:
    """Writes ``study.json``, ``study.md`` and the pictures."""
    files.write_json(out / "study.json", results)
    quick = results["quick"]
    save_figure(matrix_figure(results), out / "matrix.png", quick=quick)
    save_figure(order_figure(results["order"]), out / "order.png", quick=quick)
    save_figure(arms_response_figure(results["response"]), out / "response.png", quick=quick)
    arms = [arm for arm, _ in cells if arm != BASE]
    arm: ArmName = "drop-occluded" if "drop-occluded" in arms else arms[0]
    chosen = {name: [each["place"] for each in results["worst"][name][arm][:_PICTURED]] for name in ("natural", "dialled")}
    tiles = [
        comparison for name, places in chosen.items() for comparison in _comparisons(name, tests[name], places, arm, cells)
    ]
    save_figure(comparison_figure(tiles, arm), out / "worst.png", quick=quick)
    files.write_text(out / "study.md", study_page(results))


def _model(cell: Cell) -> Model:
    card = read_card(cell.run.model)
    return {
        "run": cell.run.root.name,
        "threshold": card.threshold if card else None,
        "val_iou": card.scores.get("iou") if card else None,
    }


def _comparisons(name: str, data: Dataset, places: list[int], arm: ArmName, cells: Mapping[Key, Cell]) -> list[Comparison]:
    """Predicts images with the first seed of two arms."""
    pair: tuple[ArmName, ArmName] = (BASE, arm)
    models = [open_model(cells[each, 0].run.model) for each in pair]
    found = [predict(model, (example_at(data, place) for place in places)) for model in models]
    return [
        Comparison(
            f"{name} {data.rows[base.example.place]['image_id']}",
            base.example.image,
            base.example.target,
            base.masks(models[0].threshold)["plain"],
            other.masks(models[1].threshold)["plain"],
            base.example.ambiguous,
        )
        for base, other in zip(*found, strict=True)
    ]
