"""How good a model is after so many minutes of training: by shapeseg's own commands, and by UNet++ in plain torch."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from measuring import Row, run

WANTED = {0.5: 0.97, 1.5: 0.985, 3.0: 0.99, 8.0: 0.994}  # minutes of training -> IoU on decidable pixels
LEVELS = (0.97, 0.99, 0.995)
SEEDS = (0, 1, 2)
PEER_MINUTES = (1.5, 3.0, 5.0, 8.0, 10.0, 12.0, 15.0, 20.0)


def quality(data: Path, scratch: Path, *, quick: bool) -> list[Row]:
    """Trains for so many minutes with each seed, and measures on the test split."""
    rows = []
    for minutes, wanted in ({0.05: 0.0} if quick else WANTED).items():
        scores = []
        for seed in SEEDS[:1] if quick else SEEDS:
            out = scratch / f"{minutes}-{seed}"
            run("train.py", "--data", data, "--max-minutes", minutes, "--seed", seed, "--out", out)
            run("evaluate.py", out / "model.keras", "--data", data, "--split", "test", "--out", out / "report")
            scores.append(json.loads((out / "report" / "metrics.json").read_text()))
        middle = median(each["iou_decidable"] for each in scores)
        rows.append(
            {"minutes": minutes, "IoU_decidable": _four(middle), "asked": wanted, "met": middle >= wanted, **_seeds(scores)}
        )
    return rows


def peer_quality(data: Path, *, quick: bool) -> list[Row]:
    """Trains UNet++ with EfficientNet-B2 once, and measures it on the test split after so many minutes of training."""
    from train_peers import smp_installed

    minutes = (0.05,) if quick else PEER_MINUTES
    return json.loads(run("benchmarks/train_peer_quality.py", data, *minutes).splitlines()[-1]) if smp_installed() else []


def read_rows(path: Path, name: str) -> list[Row]:
    """Returns a table of an earlier result; none where there is no such result."""
    return json.loads(path.read_text())[name] if path.exists() else []


def times_to(ours: list[Row], peers: list[Row]) -> list[Row]:
    """Returns the first of the measured minutes at which each reached an IoU on decidable pixels, and the ratio."""
    rows = []
    for level in LEVELS:
        our, their = _first(ours, level), _first(peers, level)
        row: Row = {"IoU_decidable": level, "shapeseg_minutes": our, "UNet++_minutes": their}
        if our and peers:
            row["times"] = their / our if their else f"not reached in {peers[-1]['minutes'] / our:.0f} times as long"
        else:
            row["times"] = None
        rows.append(row)
    return rows


def memory(data: Path, scratch: Path, *, epochs: int) -> list[Row]:
    """Runs the default training in a process of its own, which says its peak memory after each epoch."""
    peaks = json.loads(run("benchmarks/train_memory.py", data, scratch / "memory", epochs).splitlines()[-1])
    return [{"epochs": epochs, "peak_after_3_epochs_MiB": peaks[2], "after_the_last_MiB": peaks[-1], "asked": 2048}]


def _first(rows: list[Row], level: float) -> float | None:
    return next((row["minutes"] for row in rows if float(row["IoU_decidable"]) >= level), None)


def _seeds(scores: list[dict[str, Any]]) -> Row:
    """Returns what each seed reached, and the most that any fixed guess could."""
    reached = {f"seed_{seed}": _four(score["iou_decidable"]) for seed, score in zip(SEEDS, scores, strict=False)}
    return reached | {
        "IoU_of_all_pixels": _four(median(score["iou"] for score in scores)),
        "its_ceiling": _four(scores[0]["iou_ceiling"]),
    }


def _four(value: float) -> str:
    return f"{value:.4f}"
