"""The scenes to step through, of a dataset or drawn by seed and index; and the rule by which an edited one is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapeseg.datasets import Dataset
from shapeseg.errors import InputError
from shapeseg.scenes import Scene, SceneSettings, sample_scene
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.settings import Color
from shapeseg.scenes.twins import Change, twin
from shapeseg.settings import check_range

_DRAWN = 1_000_000  # as many as anybody may want to step through
_KEPT = 8  # the page asks again and again whether a scene is still its sample


@dataclass(frozen=True)
class Samples:
    """Scenes by their place, from 0.

    Attributes:
        name: What they are, for display.
        count: How many there are.
        settings: How they look.
        rule: By which they were chosen; None where that is unknown.
        split_of: Returns the split of one; "" where there are none.
        sample: Returns one as it was drawn, or the twin of it in which something is changed; a UsageError beyond the last.
    """

    name: str
    count: int
    settings: SceneSettings
    rule: Rule | None
    split_of: Callable[[int], str]
    sample: Callable[[int, Change | None], Scene]

    def edited(self, recipe: Mapping[str, Any]) -> Scene:
        """Returns a scene made by the user. No occlusion chose it, so it is judged by sizes and canvas alone."""
        scene = Scene.from_dict(recipe)
        rule = (self.rule or Rule(SceneSettings())).without_occlusion()
        return replace(scene, rule=rule.widened(scene.width, scene.height, scene.instances))


def samples_of(folder: Path) -> Samples:
    """Returns the scenes of a dataset.

    Raises:
        InputError: If it has no recipes, or no images.
    """
    data = Dataset(folder)
    if not data.has_recipes:
        raise InputError("the playground needs recipes", received=folder, fix="Name a dataset made by shapeseg")
    if not data.rows:
        raise InputError("the dataset holds no images", received=folder, fix="Name another, or append to it")

    def split_of(place: int) -> str:
        return str(data.row(place)["split"])

    sample = _with_twins(data.scene, len(data), data.settings.colors)
    return Samples(str(folder), len(data), data.settings, data.rule, split_of, sample)


def drawn_samples(seed: int) -> Samples:
    """Returns the scenes that a dataset of default settings and this seed would hold."""
    settings = SceneSettings()

    def scene(index: int) -> Scene:
        return sample_scene(settings, seed=seed, index=index)

    name = f"scenes drawn with default settings, seed {seed}"
    sample = _with_twins(scene, _DRAWN, settings.colors)
    return Samples(name, _DRAWN, settings, Rule(settings), lambda _place: "", sample)


def _with_twins(scene: Callable[[int], Scene], count: int, colors: tuple[Color, ...]) -> Callable[[int, Change | None], Scene]:
    @lru_cache(maxsize=_KEPT)
    def sample(place: int, change: Change | None) -> Scene:
        check_range("place", place, least=0, below=count, fix=f"There are {count:,} samples")
        return scene(place) if change is None else twin(scene(place), change, colors)

    return sample
