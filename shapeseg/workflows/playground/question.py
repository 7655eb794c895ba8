"""What the page asks, every part of it checked: a scene or a sample, and perhaps an occlusion rate to dial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapeseg.datasets.rows import RowError, check_recipe
from shapeseg.errors import InputError
from shapeseg.incoming import parse_json
from shapeseg.scenes import Scene
from shapeseg.scenes.twins import Change
from shapeseg.settings import check_range, settings_from_dict
from shapeseg.value_types import check_types
from shapeseg.workflows.playground.dial import dial
from shapeseg.workflows.playground.samples import Samples

MAX_MESSAGE = 2**16
"""Characters of a question at most; one of 255 shapes takes less."""

MAX_SIDE = 512
"""Height and width of a canvas at most, so that an answer comes in time."""


@dataclass(frozen=True)
class Dial:
    """An occlusion rate that a shape is to have."""

    shape: int
    """Its place in the scene, from the back."""
    rate: float
    """Asked for, 0 to 1."""

    def __post_init__(self) -> None:
        check_types(self)
        check_range("rate", self.rate, least=0, most=1)


@dataclass(frozen=True)
class Question:
    """One question."""

    sequence: int = 0
    """By which the page knows the answer."""
    scene: dict[str, Any] | None = None
    """The recipe of a scene; None is the sample itself."""
    place: int = 0
    """Place of the sample that was shown last."""
    change: Change | None = None
    """Which twin of it, if any."""
    dial: Dial | None = None
    """A rate to be set first."""

    def __post_init__(self) -> None:
        check_types(self)
        check_range("place", self.place, least=0)


def parse_question(message: str | bytes) -> Question:
    """Reads a question.

    Raises:
        InputError: If it is too long, or no JSON.
        UsageError: If a name or a value in it is not what it must be.
    """
    if len(message) > MAX_MESSAGE:
        fix = f"Send {MAX_MESSAGE:,} at most"
        raise InputError("the message is too large", received=f"{len(message):,} characters", fix=fix)
    try:
        content = parse_json(message)
    except ValueError as error:
        raise InputError("the message is not JSON", received=f"{error!s:.100}", fix="Send an object of JSON") from error
    if not isinstance(content, dict):
        raise InputError("the message is not an object", received=f"{content!r:.60}", fix="Send an object of JSON")
    return settings_from_dict(Question, content)


def scene_asked(question: Question, samples: Samples) -> Scene:
    """Returns the scene that is to be shown, with the rule by which it was chosen.

    Raises:
        InputError: If the scene cannot be drawn, or is too large for here.
        UsageError: If there is no such sample, or nothing that could hide the shape to be dialled.
    """
    recipe = question.scene
    scene = samples.sample(question.place, question.change) if recipe is None else _checked(recipe, samples)
    largest = max(scene.width, scene.height)
    if largest > MAX_SIDE:
        fix = f"Use {MAX_SIDE} at most"
        raise InputError("the canvas is too large for the playground", received=f"{largest} pixels a side", fix=fix)
    if question.dial is not None:
        scene = samples.edited(dial(scene, question.dial.shape, question.dial.rate).to_dict())
    sample = sample_named(question, samples)
    return sample if scene == sample and sample is not None else scene  # whose own rule is known


def sample_named(question: Question, samples: Samples) -> Scene | None:
    """Returns the sample that a question names; None where there are not so many: a link may be from another dataset."""
    return samples.sample(question.place, question.change) if question.place < samples.count else None


def _checked(recipe: Mapping[str, Any], samples: Samples) -> Scene:
    try:
        check_recipe(recipe)
    except RowError as error:
        fix = "Correct that, or start from another scene"
        raise InputError("the scene cannot be drawn", received=f"{error!s:.200}", fix=fix) from error
    return samples.edited(recipe)
