"""The occlusion dial: the shape in front is moved to where the rate is as asked, and no farther than that takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shapeseg.errors import UsageError
from shapeseg.scenes import Instance, Scene
from shapeseg.scenes.kinds import silhouette
from shapeseg.scenes.relations import hidings_of
from shapeseg.settings import check_range

STEP = 0.01
"""Of the dial. A rate within half a step is what was asked: were it to be met better, the occluder would jump about."""


def dial(scene: Scene, shape: int, rate: float) -> Scene:
    """Moves the occluder of a shape so that the shape's occlusion rate becomes what is asked, on exact masks.

    It is met within half a step of the dial, or, where no place does that, as closely as one can.

    Args:
        scene: What to change.
        shape: Place of the shape in ``scene.instances``.
        rate: Asked for, 0 to 1.

    Raises:
        UsageError: If there is no such shape, or no other in front of it.
    """
    check_range("shape", shape, least=0, below=len(scene.instances))
    mover = occluder_of(scene, shape)
    if mover is None:
        fix = "Send it back with [, or add a shape, which is then in front"
        raise UsageError("nothing is in front of the shape", received=f"shape {shape + 1} of {len(scene.instances)}", fix=fix)
    moved = _moved(scene, shape, mover, rate)
    return replace(scene, instances=(*scene.instances[:mover], moved, *scene.instances[mover + 1 :]))


def occluder_of(scene: Scene, shape: int) -> int | None:
    """Returns the place of the shape that hides most of another; where none does, of the nearest in front; None for none."""
    hidings = hidings_of(scene.render(), shape)
    if hidings:
        return max(hidings, key=lambda hiding: hiding.pixels).front
    in_front = range(shape + 1, len(scene.instances))
    return min(in_front, key=lambda other: _distance(scene.instances[shape], scene.instances[other]), default=None)


def _distance(one: Instance, other: Instance) -> int:
    """Returns the squared distance of two centres, in half pixels."""
    (x, y, w, h), (a, b, c, d) = one.box, other.box
    return (2 * x + w - 2 * a - c) ** 2 + (2 * y + h - 2 * b - d) ** 2


def _moved(scene: Scene, shape: int, mover: int, rate: float) -> Instance:
    """Returns the occluder at the nearest of all places that are good enough, which may be where it is."""
    target, occluder = scene.instances[shape], scene.instances[mover]
    (x, y, w, h), (left, top, width, height) = target.box, occluder.box
    others = replace(scene, instances=scene.instances[:mover] + scene.instances[mover + 1 :])
    free = others.render().instance_map[y : y + h, x : x + w] == shape + 1
    area = silhouette(target.kind, w, h, target.form)[1]
    stencil = silhouette(occluder.kind, width, height, occluder.form)[0] != 0

    rows, columns = y - height + np.arange(h + height + 1), x - width + np.arange(w + width + 1)
    inside = (rows >= 0) & (rows <= scene.height - height), (columns >= 0) & (columns <= scene.width - width)
    hidden = area - np.count_nonzero(free) + _overlaps(free, stencil)[np.ix_(*inside)]
    rows, columns = rows[inside[0]], columns[inside[1]]
    error = np.abs(hidden / area - rate)
    enough = max(float(error.min()), STEP / 2 if 0 < rate < 1 else 0)  # none or all of it is meant to the pixel
    if abs(float(scene.render().occlusion_rates[shape]) - rate) <= enough:
        return occluder
    distance = (rows[:, None] - top) ** 2 + (columns - left) ** 2
    row, column = np.unravel_index(np.where(error <= enough, distance, distance.max() + 1).argmin(), error.shape)
    return occluder._replace(box=(int(columns[column]), int(rows[row]), width, height))


def _overlaps(free: NDArray[np.bool_], stencil: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Counts, for every place of a stencil, how many free pixels it covers.

    Args:
        free: bool (h, w).
        stencil: bool (height, width).

    Returns:
        int64 (h + height + 1, w + width + 1); at [i, j] the stencil's corner is ``height - i`` rows above that of ``free``,
        and ``width - j`` columns left of it. A correlation by Fourier transform, exact since counts are rounded.
    """
    size = (free.shape[0] + stencil.shape[0] + 1, free.shape[1] + stencil.shape[1] + 1)
    padded = np.pad(free.astype(np.float64), 1)
    product = np.fft.rfft2(padded, size) * np.fft.rfft2(stencil[::-1, ::-1].astype(np.float64), size)
    return np.rint(np.fft.irfft2(product, size)).astype(np.int64)
