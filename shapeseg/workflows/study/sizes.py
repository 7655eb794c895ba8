"""What every study asks of its options: counts, which a quick look lowers, and a target that its scores are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from shapeseg.errors import UsageError
from shapeseg.settings import CommonOptions, check_range
from shapeseg.training.settings import TrainingSettings

QUICK = {"seeds": 2, "train_images": 60, "val_images": 20, "test_images": 40}
"""Counts of a quick look that every study has."""

_QUICK_EPOCHS = 4
_COUNTS = ("seeds", "train_images", "val_images", "test_images", "frontier_images", "jobs")


Asked = TypeVar("Asked", bound=CommonOptions)


def check_sizes(options: Any) -> None:
    """Checks how many models, images and jobs a study is asked to have, and its seed.

    Raises:
        UsageError: If one is below its least; the error names the default.
    """
    usual = {field.name: field.default for field in fields(options)}
    for name in _COUNTS:
        if name in usual:
            check_range(name, getattr(options, name), least=1, fix=f"Try {usual[name]}")
    check_range("data_seed", options.data_seed, least=0, below=2**63, fix=f"Try {usual['data_seed']}")


def check_target(training: TrainingSettings) -> None:
    """Raises a UsageError unless visible rectangles are to be segmented: every score of a study is of those."""
    if training.target != "visible":
        raise UsageError("the study is of visible rectangles", received=f"target={training.target}", fix="Leave --target out")


def lowered(options: Asked, small: Mapping[str, Any]) -> Asked:
    """Returns what to do: with ``quick``, epochs and the options of ``small`` are lowered where they are at their defaults."""
    asked: Any = options  # of either study
    if not asked.quick:
        return options
    usual = type(asked)()
    changes = {name: value for name, value in small.items() if getattr(asked, name) == getattr(usual, name)}
    if asked.training.epochs == usual.training.epochs:
        changes["training"] = replace(asked.training, epochs=_QUICK_EPOCHS)
    return replace(options, **changes)
