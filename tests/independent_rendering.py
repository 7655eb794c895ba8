"""Renders a metadata row by the plain definitions, without a line of shapeseg: what pictures and numbers must equal."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np


def silhouette(kind, box, height, width):
    """Returns bool (H, W): the whole shape, on the canvas."""
    x, y, w, h = box
    r, c = np.mgrid[:height, :width].astype(np.int64)
    if kind == "rectangle":
        return (x <= c) & (c < x + w) & (y <= r) & (r < y + h)
    assert kind == "ellipse", kind
    return (h * (2 * c + 1 - 2 * x - w)) ** 2 + (w * (2 * r + 1 - 2 * y - h)) ** 2 <= (w * h) ** 2


def render_again(row):
    """Returns image, instance_map, amodal, visible (N, H, W), areas, rates and the two targets of a metadata row."""
    height, width, instances = row["height"], row["width"], row["instances"]
    amodal = np.zeros((len(instances), height, width), bool)
    for k, instance in enumerate(instances):
        amodal[k] = silhouette(instance["kind"], instance["box"], height, width)
    visible = amodal.copy()
    for k in range(len(instances)):
        for nearer in range(k + 1, len(instances)):
            visible[k] &= ~amodal[nearer]
    image = np.empty((height, width, 3), np.uint8)
    image[:] = row["background"]
    instance_map = np.zeros((height, width), np.uint8)
    targets = {"visible": np.zeros((height, width), bool), "amodal": np.zeros((height, width), bool)}
    for k, instance in enumerate(instances):
        image[visible[k]] = instance["color"]
        instance_map[visible[k]] = k + 1
        if instance["kind"] == "rectangle":
            targets["visible"] |= visible[k]
            targets["amodal"] |= amodal[k]
    amodal_areas = [int(mask.sum()) for mask in amodal]
    visible_areas = [int(mask.sum()) for mask in visible]
    return SimpleNamespace(
        image=image,
        instance_map=instance_map,
        amodal=amodal,
        visible=visible,
        amodal_areas=amodal_areas,
        visible_areas=visible_areas,
        rates=[1 - seen / whole for seen, whole in zip(visible_areas, amodal_areas, strict=True)],
        targets=targets,
    )
