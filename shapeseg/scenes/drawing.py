"""Drawing one shape from random words: kind, size, place, colour and form."""

from __future__ import annotations

from collections.abc import Sequence

from shapeseg.errors import InputError
from shapeseg.scenes.instance import Instance
from shapeseg.scenes.kinds import KINDS
from shapeseg.scenes.settings import SceneSettings
from shapeseg.scenes.streams import below

TRIES = 200
"""How often a place is looked for before a shape counts as impossible."""


def shape_count(settings: SceneSettings, word: int) -> int:
    """Maps a word to the number of shapes in a scene."""
    return settings.min_instances + below(word, settings.max_instances - settings.min_instances + 1)


def draw_instance(settings: SceneSettings, geometry: Sequence[int], color: int) -> Instance:
    """Maps five words of geometry and one of colour to a shape that lies wholly inside the canvas."""
    kind, width, height, left, top = geometry
    sizes = settings.max_size - settings.min_size + 1
    w = settings.min_size + below(width, sizes)
    h = settings.min_size + below(height, sizes)
    x = below(left, settings.width - w + 1)
    y = below(top, settings.height - h + 1)
    return Instance(
        settings.kinds[below(kind, len(settings.kinds))],
        (x, y, w, h),
        settings.colors[below(color, len(settings.colors))],
    )


def draw_form(instance: Instance, word: int) -> Instance:
    """Gives a shape one of the forms of its kind."""
    return instance._replace(form=below(word, KINDS[instance.kind].forms))


def no_place(settings: SceneSettings, index: int, what: str) -> InputError:
    """Returns the error for a shape that found no place."""
    asked = f"{settings.min_instances} to {settings.max_instances} shapes of {settings.min_size} to {settings.max_size} pixels"
    return InputError(
        f"sample {index}: no place for {what} in {TRIES} tries",
        received=f"{asked} on {settings.width} x {settings.height}",
        fix="Ask for fewer or smaller shapes or a larger canvas, or leave out what cannot be placed with --best-effort",
    )
