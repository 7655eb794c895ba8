"""Counterfactual twins: the same scene with one thing changed, to ask what that thing does to a prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from shapeseg.scenes.instance import Instance
from shapeseg.scenes.relations import occluders_of_targets
from shapeseg.scenes.scene import Scene
from shapeseg.scenes.settings import Color

Change = Literal["remove", "same-color", "other-color", "other-kind", "reverse"]

DESCRIPTIONS: dict[Change, str] = {
    "remove": "without the shapes that hide part of a target",
    "same-color": "those shapes in the colour of a target that they hide",
    "other-color": "those shapes in a colour that none of the targets they hide has",
    "other-kind": "those shapes as rectangles where they were none, as ellipses where they were",
    "reverse": "the depth order reversed, front to back",
}


def twin(scene: Scene, change: Change, colors: tuple[Color, ...]) -> Scene:
    """Returns the scene's twin; a scene in which nothing hides a target is its own, except when reversed.

    Args:
        scene: What to change.
        change: One of ``DESCRIPTIONS``.
        colors: What another colour is chosen from.
    """
    rule = scene.rule and scene.rule.without_occlusion()
    if change == "reverse":
        return replace(scene, instances=scene.instances[::-1], rule=rule)
    hidden_by = occluders_of_targets(scene.render())
    changed: list[Instance] = []
    for place, instance in enumerate(scene.instances):
        if place not in hidden_by:
            changed.append(instance)
        elif change != "remove":
            changed.append(_CHANGES[change](instance, [scene.instances[back] for back in hidden_by[place]], colors))
    return replace(scene, instances=tuple(changed), rule=rule)


def _same_color(occluder: Instance, hidden: list[Instance], _colors: tuple[Color, ...]) -> Instance:
    return occluder._replace(color=hidden[-1].color)


def _other_color(occluder: Instance, hidden: list[Instance], colors: tuple[Color, ...]) -> Instance:
    taken = {instance.color for instance in hidden}
    if occluder.color not in taken:
        return occluder
    return occluder._replace(color=next((color for color in colors if color not in taken), occluder.color))


def _other_kind(occluder: Instance, _hidden: list[Instance], _colors: tuple[Color, ...]) -> Instance:
    return occluder._replace(kind="ellipse" if occluder.kind == "rectangle" else "rectangle", form=0)


_CHANGES: dict[str, Callable[[Instance, list[Instance], tuple[Color, ...]], Instance]] = {
    "same-color": _same_color,
    "other-color": _other_color,
    "other-kind": _other_kind,
}
