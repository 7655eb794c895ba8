"""Sampling: the scene of sample i is a pure function of (settings, seed, i)."""

from __future__ import annotations

from shapeseg.errors import UsageError
from shapeseg.scenes.scene import Instance, Scene
from shapeseg.scenes.settings import SceneSettings
from shapeseg.scenes.streams import MAX_SEED, Stream, below, words

_WORDS_PER_SHAPE = 5


def sample_scene(settings: SceneSettings, *, seed: int, index: int) -> Scene:
    """Draws the scene of one sample.

    Args:
        settings: How scenes look.
        seed: 0 to 2**64 - 1.
        index: The sample's number, 0 or more.

    Raises:
        UsageError: If the seed or the index is out of range.
    """
    if not 0 <= seed <= MAX_SEED:
        raise UsageError("a seed is from 0 to 2**64 - 1", received=f"seed={seed}", fix="Choose a value in that range")
    if index < 0:
        raise UsageError("an index is 0 or more", received=f"index={index}", fix="Choose a value in that range")
    most = settings.max_instances
    geometry = words(seed, Stream.GEOMETRY, index, 1 + _WORDS_PER_SHAPE * most)
    colors = words(seed, Stream.COLOR, index, most)
    count = settings.min_instances + below(geometry[0], most - settings.min_instances + 1)
    instances = (
        _sample_instance(settings, geometry[1 + _WORDS_PER_SHAPE * k : 1 + _WORDS_PER_SHAPE * (k + 1)], colors[k])
        for k in range(count)
    )
    return Scene(settings.width, settings.height, settings.background, tuple(instances))


def _sample_instance(settings: SceneSettings, geometry: list[int], color: int) -> Instance:
    kind, width, height, left, top = geometry
    sizes = settings.max_size - settings.min_size + 1
    w = settings.min_size + below(width, sizes)
    h = settings.min_size + below(height, sizes)
    x = below(left, settings.width - w + 1)
    y = below(top, settings.height - h + 1)
    return Instance(
        kind=settings.kinds[below(kind, len(settings.kinds))],
        box=(x, y, w, h),
        color=settings.colors[below(color, len(settings.colors))],
    )
