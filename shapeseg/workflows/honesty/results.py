"""What the study of honesty writes: all numbers, their tables, and the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shapeseg import files
from shapeseg.datasets import Dataset
from shapeseg.reporting.pictures import save_figure
from shapeseg.workflows.honesty.page import honesty_page
from shapeseg.workflows.honesty.pictures import frontier_figure, grid_figure
from shapeseg.workflows.honesty.record import HonestyResults, ModelScores
from shapeseg.workflows.honesty.settings import ARMS, FRONTIER, HonestyOptions
from shapeseg.workflows.study.origin import origin_of

_PICTURES = ("grid.png", "frontier.png")


def honesty_results(options: HonestyOptions, test: Dataset, scores: Mapping[tuple[str, int], ModelScores]) -> HonestyResults:
    """Returns everything that the study found.

    Args:
        options: Options of the study.
        test: What every model was measured on.
        scores: By name of the arm or point, and seed.
    """
    return {
        **origin_of(options),
        "test_set": {"images": len(test), "sha256": test.digest()},
        "grid": {
            arm.name: [scores[arm.name, seed] for seed in range(options.seeds)] for arm in ARMS if (arm.name, 0) in scores
        },
        "frontier": {point.name: scores[point.name, 0] for point in FRONTIER if (point.name, 0) in scores},
    }


def write_honesty(out: Path, results: HonestyResults) -> list[str]:
    """Writes ``honesty.json``, ``honesty.md``, and a picture of each part; returns their names. Of other parts none stays."""
    files.write_json(out / "honesty.json", results)
    for name in _PICTURES:
        (out / name).unlink(missing_ok=True)
    if results["grid"]:
        save_figure(grid_figure(results["grid"]), out / "grid.png", quick=results["quick"])
    if results["frontier"]:
        save_figure(frontier_figure(results["frontier"]), out / "frontier.png", quick=results["quick"])
    files.write_text(out / "honesty.md", honesty_page(results))
    return ["honesty.json", "honesty.md", *(name for name in _PICTURES if (out / name).exists())]
