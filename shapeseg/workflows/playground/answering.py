"""Questions answered one after another: a frame at once, and a better one when the search for ambiguity needs longer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shapeseg.inference.opened_model import OpenedModel
from shapeseg.scenes import Scene
from shapeseg.workflows.playground.answer import answer
from shapeseg.workflows.playground.frame import encode, header
from shapeseg.workflows.playground.question import Question, sample_named, scene_asked
from shapeseg.workflows.playground.samples import Samples

AT_ONCE, AT_REST = 0.025, 5.0
"""Seconds that the search may take while somebody drags, and when the page is at rest."""


class Patience:
    """Says when to give a search up: after so many seconds, or when something newer is waiting."""

    def __init__(self, seconds: float, newer: Callable[[], bool] | None = None) -> None:
        self._end = time.monotonic() + seconds
        self._newer = newer
        self.ended = False

    def __call__(self) -> bool:
        """Whether it has come to an end; from then on, it has."""
        self.ended = self.ended or time.monotonic() > self._end or (self._newer is not None and self._newer())
        return self.ended


@dataclass(frozen=True)
class Playground:
    """What answers: a model, and scenes to step through."""

    model: OpenedModel
    samples: Samples

    def frames(self, question: Question, newer: Callable[[], bool]) -> Iterator[bytes]:
        """Yields a frame that is there soon, and a second one where its search was given up; the model is asked once.

        Args:
            question: What was asked.
            newer: Whether a newer question is waiting, for which the second frame is given up.

        Raises:
            ShapesegError: If the question cannot be answered.
        """
        scene, patience = scene_asked(question, self.samples), Patience(AT_ONCE)
        first = answer(scene, self.model, give_up=patience)
        about = self._about(question, scene)
        yield encode(about | {"search": "searching" if patience.ended else "done"} | header(first), first)
        if patience.ended:
            patience = Patience(AT_REST, newer)
            second = answer(scene, self.model, give_up=patience, belief=first.belief)
            if not newer():
                yield encode(about | {"search": "given up" if patience.ended else "done"} | header(second), second)

    def _about(self, question: Question, scene: Scene) -> dict[str, Any]:
        """Returns what the page shows about where a scene is from; ``sample`` says whether it is an unchanged one."""
        place, change = question.place, question.change
        is_sample = scene == sample_named(question, self.samples)
        is_same = is_sample and change is not None and scene == self.samples.sample(place, None)
        return {
            "sequence": question.sequence,
            "place": place,
            "change": change,
            "sample": "same" if is_same else "yes" if is_sample else "no",
            "split": self.samples.split_of(place) if is_sample else "",
        }
