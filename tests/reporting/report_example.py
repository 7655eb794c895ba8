"""What an evaluation hands to the report, from real scenes and a model that errs by rule."""

from __future__ import annotations

import json
from itertools import groupby

import cv2
import numpy as np

from shapeseg.evaluation.ceiling import Ceiling
from shapeseg.evaluation.counts import Counts, count, pooled, summarise
from shapeseg.reporting.pixels import ambiguous_pixels
from shapeseg.reporting.report import ReportImage
from shapeseg.scenes import Scene, SceneSettings, sample_scene
from shapeseg.scenes.occlusion import BIN_NAMES, bin_of
from shapeseg.scenes.relations import hidings, piece_count

SPLITS = ("train", "val", "test", "holdout")
HISTORY = [
    {"epoch": epoch, "loss": 0.4 / epoch, "iou": 1 - 0.4 / epoch, "val_loss": 0.5 / epoch, "val_iou": 1 - 0.45 / epoch}
    for epoch in range(1, 13)
]


def example_images(number, settings=None):
    """Returns ReportImages of the scenes 0 to ``number`` - 1."""
    return [_image(index, sample_scene(settings or SceneSettings(), seed=0, index=index)) for index in range(number)]


def example_metrics(images, settings=None):
    """Returns the metrics of these images: counts are real, intervals and calibration are made up."""
    counts = [count(image.truth, image.predicted) for image in images]
    told = [~ambiguous_pixels(image.exact) for image in images]
    decidable = [count(image.truth & known, image.predicted & known) for image, known in zip(images, told, strict=True)]
    scenes = [sample_scene(settings or SceneSettings(), seed=0, index=image.index) for image in images]
    ceiling = Ceiling()
    for scene in scenes:
        ceiling.add(scene.render())
    rows = [row for image in images for row in image.instances]
    keys = ("occlusion", "occluder_kind", "occluder_color", "pieces")

    def key(row):
        return BIN_NAMES.index(row["occlusion"]), *(row[name] for name in keys[1:])

    cells = [list(cell) for _, cell in groupby(sorted(rows, key=key), key)]
    scores = summarise(counts)
    return scores | {
        "split": "all",
        "trained_on": 0,
        "beyond_search": 0,
        "threshold": 0.35,
        "target": "visible",
        "iou_interval": [scores["iou"] - 0.006, scores["iou"] + 0.005],
        "iou_decidable": pooled(decidable).iou,
        "iou_ceiling": ceiling.iou(),
        "boundary_iou": {"1": 0.702, "2": 0.851, "6": 0.943},
        "by_occlusion": {name: _cell([row for row in rows if row["occlusion"] == name]) for name in BIN_NAMES},
        "breakdown": [{name: cell[0][name] for name in keys} | _cell(cell) for cell in cells],
        "panoptic": {
            "pq": 0.921, "sq": 0.968, "rq": 0.951, "true_positives": 203, "false_positives": 9, "false_negatives": 12,
            "touching_rectangles": 31,
        },
        "calibration": {
            "all": _calibration(1.03, 3_004_000), "decidable": _calibration(1.04, 3_000_000),
            "ambiguous": _calibration(0.55, 4000),
        },
        "ambiguous": {
            "pixels": 3900, "log_loss": 0.9123, "log_loss_floor": 0.6489, "calibration_error": 0.2871,
            "mean_absolute_difference": 0.3012, "bins": _calibration(0.6, 3900)["bins"],
        },
        "wrong_pixels": {"outer border": 5210, "occlusion contour": 1904, "ambiguous": 7466, "elsewhere": 0},
        "undefined": {"recall of rectangles": sum(row["recall"] is None for row in rows)},
        "options": {"tta": False, "min_component": 0},
        "effects": None,
        "model": "saved_models/reference/model.keras",
        "model_sha256": "9329daba70af3f44a956ec9891e3baa37164109e4b8b3549fb5422da4aafa1da",
        "dataset": "data/shapes",
        "dataset_sha256": "76f9679659402489167d3bab64d645530b72f7847b5e9e3cb6c7ac4471d41aeb",
        "backend": "torch",
        "versions": {"shapeseg": "0.1.0", "keras": "3.15.1", "numpy": "2.4.6", "python": "3.11.7", "torch": "2.13.0+cpu"},
        "command": "python evaluate.py saved_models/reference/model.keras --split all",
    }  # fmt: skip


def unknown_metrics():
    """Returns what is known of a plain folder without recipes and without a rectangle pixel."""
    return summarise([Counts(0, 0, 0)]) | {
        "split": "all", "trained_on": None, "beyond_search": None, "threshold": 0.5, "target": "visible",
        "iou_interval": None, "iou_decidable": None,
        "iou_ceiling": None, "boundary_iou": {"1": None, "2": None}, "by_occlusion": None, "breakdown": None,
        "panoptic": {
            "pq": None, "sq": None, "rq": None, "true_positives": 0, "false_positives": 0, "false_negatives": 0,
            "touching_rectangles": None,
        },
        "options": {"tta": False, "min_component": 0},
        "calibration": {"all": {"expected_error": None, "pixels": 0, "bins": []}, "decidable": None, "ambiguous": None},
        "ambiguous": None, "wrong_pixels": None, "undefined": {"iou": 1}, "effects": None,
        "model": "model.keras", "model_sha256": "0" * 64, "dataset": "photos", "dataset_sha256": "1" * 64, "backend": "torch",
        "versions": {}, "command": "python evaluate.py",
    }  # fmt: skip


def explorer_data(tree):
    """Returns what a report hands to its explorer."""
    return json.loads(next(script.text for script in tree.all("script") if script.attributes.get("id") == "explorer-data"))


def _image(index: int, scene: Scene) -> ReportImage:
    truth = scene.render()
    target = truth.target()
    random = np.random.Generator(np.random.PCG64(index))
    frayed = cv2.erode(target.astype(np.uint8), np.ones((3, 3), np.uint8)) != 0
    predicted = np.where(random.random(target.shape) < 0.2, frayed, target)
    if index % 5:
        predicted = predicted ^ truth.ambiguous
    counts, wrong = count(target, predicted), target != predicted
    return ReportImage(
        index=index,
        image_id=f"{index:06d}",
        split=SPLITS[index % 4],
        iou=counts.iou,
        wrong_pixels=counts.wrong,
        wrong_decidable=int(np.count_nonzero(wrong & ~truth.ambiguous)),
        image=truth.image,
        truth=target,
        predicted=predicted,
        belief=np.where(predicted, 0.9, 0.4 * (random.random(target.shape) < 0.01)).astype(np.float32),
        exact=truth.rectangle_probability,
        instances=list(_rows(index, truth, predicted)),
        regenerate=f"python -m shapeseg preview data/shapes --start {index} --rows 1 --columns 1 --out {index:06d}.png",
    )


def _rows(index, truth, predicted):
    fronts = {place: [hiding.front for hiding in hidings(truth) if hiding.back == place] for place in range(99)}
    shapes = truth.scene.instances
    for place, (shape, visible, rate) in enumerate(zip(shapes, truth.visible_masks, truth.occlusion_rates, strict=True)):
        if not truth.scene.is_target(shape):
            continue
        kinds = {shapes[front].kind for front in fronts[place]}
        colors = {"same" if shapes[front].color == shape.color else "other" for front in fronts[place]}
        others = truth.target() & ~visible
        counts = count(visible, predicted & truth.amodal_masks[place] & ~others)
        pieces = piece_count(visible)
        yield {
            "index": index, "image_id": f"{index:06d}", "instance": place + 1, "occlusion_rate": float(rate),
            "occlusion": bin_of(float(rate)), "occluder_kind": "several" if len(kinds) > 1 else min(kinds, default="none"),
            "occluder_color": "both" if len(colors) > 1 else min(colors, default="none"),
            "pieces": ("hidden", "one")[pieces] if pieces < 2 else "cut", "visible_area": int(visible.sum()),
            "found_pixels": counts.both, "recall": counts.recall, "iou": counts.iou, "touching": 0, "ignored": 0,
        }  # fmt: skip


def _cell(rows):
    found = {"n": len(rows), "images": len({row["index"] for row in rows})}
    for name in ("recall", "iou"):
        values = [row[name] for row in rows if row[name] is not None]
        mean = float(np.mean(values)) if values else None
        error = 2 * float(np.std(values)) / len(values) ** 0.5 if values else None
        found[name] = mean
        found[f"{name}_interval"] = None if mean is None else [max(mean - error, 0.0), min(mean + error, 1.0)]
    return found


def _calibration(slope, pixels):
    bins = [
        {"low": low / 10, "high": (low + 1) / 10, "pixels": pixels // (low + 1) ** 3, "confidence": low / 10 + 0.05,
         "frequency": min(1.0, max(0.0, 0.5 + slope * (low / 10 - 0.45)))}
        for low in range(10)
    ]  # fmt: skip
    bins[4] |= {"pixels": 0, "confidence": None, "frequency": None}
    return {"expected_error": abs(1 - slope) / 10, "pixels": pixels, "bins": bins}
