"""Sampling: the scene of sample i is a pure function of (settings, seed, i)."""

from __future__ import annotations

from shapeseg.scenes.dialled import sample_dialled
from shapeseg.scenes.drawing import draw_form, draw_instance, shape_count
from shapeseg.scenes.instance import Instance
from shapeseg.scenes.kinds import KINDS
from shapeseg.scenes.limited import sample_limited
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.scene import Scene
from shapeseg.scenes.settings import SceneSettings
from shapeseg.scenes.streams import Stream, words
from shapeseg.settings import check_range, check_seed

_WORDS_PER_SHAPE = 5


def sample_scene(settings: SceneSettings, *, seed: int, index: int) -> Scene:
    """Draws the scene of one sample.

    Args:
        settings: How scenes look.
        seed: 0 to 2**64 - 1.
        index: The sample's number, 0 or more.

    Raises:
        UsageError: If the seed or the index is out of range.
        InputError: If a shape finds no place and ``settings.best_effort`` is off.
    """
    check_seed(seed)
    check_range("index", index, least=0)
    if settings.dialled:
        instances, asked = sample_dialled(settings, seed, index)
    else:
        drawn = _sample_freely(settings, seed, index)
        asked = len(drawn)
        instances = sample_limited(settings, seed, index, drawn) if settings.max_occlusion < 1 else drawn
    return Scene(
        width=settings.width,
        height=settings.height,
        background=settings.background,
        instances=tuple(instances),
        target_kinds=settings.target_kinds,
        shortfall=asked - len(instances),
        rule=Rule(settings),
    )


def _sample_freely(settings: SceneSettings, seed: int, index: int) -> list[Instance]:
    most = settings.max_instances
    geometry = words(seed, Stream.GEOMETRY, index, 1 + _WORDS_PER_SHAPE * most)
    colors = words(seed, Stream.COLOR, index, most)
    instances = [
        draw_instance(settings, geometry[1 + _WORDS_PER_SHAPE * k : 1 + _WORDS_PER_SHAPE * (k + 1)], colors[k])
        for k in range(shape_count(settings, geometry[0]))
    ]
    if any(KINDS[kind].forms > 1 for kind in settings.kinds):
        forms = words(seed, Stream.FORM, index, most)
        instances = [draw_form(instance, form) for instance, form in zip(instances, forms, strict=False)]
    return instances
