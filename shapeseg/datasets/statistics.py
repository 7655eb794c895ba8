"""Statistics of a dataset, from its metadata alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.filter import balance
from shapeseg.errors import InputError
from shapeseg.scenes.occlusion import BIN_NAMES, bin_of


def statistics(data: Dataset) -> dict[str, Any]:
    """Counts images, splits, kinds, colours, sizes and occlusion rates of targets.

    Returns:
        ``counts`` as in ``filter``; ``colors``: kind to colour to count; ``sizes``: kind to width or height to count;
        ``occlusion``: bin to count of targets; ``occluded_images``: images with any overlap; ``instances``: how many shapes an
        image has, to count of images; ``rectangle_pixel_share``: visible target pixels over all pixels.

    Raises:
        InputError: If the dataset has no recipes.
    """
    if not data.has_recipes:
        raise InputError("statistics of shapes need recipes", received=data.folder, fix="Name a dataset made by shapeseg")
    colors: dict[str, Counter[str]] = {}
    sizes: dict[str, Counter[int]] = {}
    occlusion: Counter[str] = Counter(dict.fromkeys(BIN_NAMES, 0))
    target_pixels = pixels = 0
    for row in data.rows:
        targets = row.get("target_kinds", ["rectangle"])
        pixels += row["width"] * row["height"]
        for instance in row["instances"]:
            kind = instance["kind"]
            colors.setdefault(kind, Counter())["#{:02x}{:02x}{:02x}".format(*instance["color"])] += 1
            sizes.setdefault(kind, Counter()).update(instance["box"][2:])
            if kind in targets:
                occlusion[bin_of(instance["occlusion_rate"])] += 1
                target_pixels += instance["visible_area"]
    return {
        "counts": balance(data.rows),
        "instances": _sorted(Counter(len(row["instances"]) for row in data.rows)),
        "colors": {kind: dict(sorted(counts.items())) for kind, counts in sorted(colors.items())},
        "sizes": {kind: _sorted(counts) for kind, counts in sorted(sizes.items())},
        "occlusion": dict(occlusion),
        "occluded_images": sum(any(shape["occlusion_rate"] > 0 for shape in row["instances"]) for row in data.rows),
        "rectangle_pixel_share": target_pixels / pixels,
    }


def _sorted(counts: Counter[int]) -> dict[int, int]:
    return dict(sorted(counts.items()))
