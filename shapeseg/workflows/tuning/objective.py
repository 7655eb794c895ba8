"""What the trials of a search are compared by: another score is one line here, and its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

ObjectiveName = Literal["iou", "log_loss"]


class Objective(NamedTuple):
    """A score on val.

    Attributes:
        column: Its name in ``history.csv``.
        direction: Direction of the study, as in Optuna.
        words: Its name for display.
    """

    column: str
    direction: Literal["maximize", "minimize"]
    words: str

    @property
    def best(self) -> Callable[..., Any]:
        """``max`` or ``min``, as Python has them."""
        return max if self.direction == "maximize" else min


OBJECTIVES: dict[ObjectiveName, Objective] = {
    "iou": Objective("val_iou", "maximize", "val IoU"),
    "log_loss": Objective("val_log_loss", "minimize", "val log loss, ambiguous pixels"),
}
