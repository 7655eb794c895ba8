"""The page of the study of honesty: its numbers as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from shapeseg.workflows.honesty.record import HonestyResults, ModelScores
from shapeseg.workflows.study.markdown import quick_note, table

Score = Callable[[ModelScores], float | None]

_HONESTY: tuple[tuple[str, Score], ...] = (
    ("calibration error", lambda each: each["ambiguous"]["calibration_error"]),
    ("log loss", lambda each: each["ambiguous"]["log_loss"]),
    ("mean absolute difference", lambda each: each["ambiguous"]["mean_absolute_difference"]),
    ("IoU, decidable", lambda each: each["iou_decidable"]),
    ("IoU", lambda each: each["iou"]),
)
_TEMPERED: tuple[tuple[str, Score], ...] = (
    ("temperature", lambda each: each["temperature"]),
    ("calibration error, before", lambda each: each["ambiguous"]["calibration_error"]),
    ("after", lambda each: each["tempered"]["calibration_error"]),
    ("log loss, before", lambda each: each["ambiguous"]["log_loss"]),
    ("after", lambda each: each["tempered"]["log_loss"]),
)
_THRESHOLDS: tuple[tuple[str, Score], ...] = (
    ("threshold chosen on val", lambda each: each["threshold"]),
    ("implied by the probabilities", lambda each: each["implied_threshold"]),
    ("IoU at the chosen one", lambda each: each["iou"]),
    ("IoU at the implied one", lambda each: each["iou_at_implied"]),
)


def honesty_page(results: HonestyResults) -> str:
    """Returns the page.

    Args:
        results: As ``honesty.json`` holds them.
    """
    parts = ["# What a model says of pixels that no image can tell", _introduction(results)]
    if results["grid"]:
        arms, seeds = results["grid"], results["settings"]["seeds"]
        mean = f"Means of {seeds} seeds, and the lowest and highest in brackets." if seeds > 1 else "One seed."
        parts += [
            "## Labels and losses",
            f"{mean} `exclude` with the Dice of decidable pixels would be `exclude, bce+dice` again.",
            _rows("labels and loss", arms, _HONESTY),
            "![honesty of labels and losses](grid.png)",
            "## After temperature scaling on val",
            _rows("labels and loss", arms, _TEMPERED),
            "## The threshold that is best for IoU",
            "Honest probabilities make J / (1 + J) the best threshold where the IoU is J; here J is the IoU on val.",
            _rows("labels and loss", arms, _THRESHOLDS),
        ]
    if results["frontier"]:
        points = {name: [scores] for name, scores in results["frontier"].items()}
        minutes: tuple[str, Score] = ("minutes", lambda each: each["minutes"])
        parts += [
            "## The frontier: honesty against IoU",
            f"Exact probabilities of {results['settings']['frontier_images']} scenes, learned by cross-entropy alone; n = 1. "
            "Minutes are of one thread beside another training and what else the machine did.",
            _rows("training", points, (*_HONESTY, minutes)),
            "![honesty against IoU](frontier.png)",
        ]
    return "\n\n".join(parts) + "\n"


def _introduction(results: HonestyResults) -> str:
    settings = results["settings"]
    of_any = [*results["frontier"].values(), *chain(*results["grid"].values())][0]["ambiguous"]
    floor = "-" if of_any["log_loss_floor"] is None else f"{of_any['log_loss_floor']:.4f}"
    return (
        f"{quick_note(results['quick'])}Each model of the grid learned from {settings['train_images']} images in "
        f"{settings['training']['epochs']} epochs. "
        f"The test set holds {results['test_set']['images']} images and {of_any['pixels']} ambiguous pixels; no "
        f"model can have a log loss below {floor} nats on these. What the scores mean is in [scores](../scores.md).\n\n"
        f"```\n{results['command']}\n```"
    )


def _rows(title: str, models: dict[str, list[ModelScores]], scores: Sequence[tuple[str, Score]]) -> str:
    rows = [[name, *(_spread([score(each) for each in seeds]) for _, score in scores)] for name, seeds in models.items()]
    return table([title, *(name for name, _ in scores)], rows)


def _spread(values: Sequence[float | None]) -> str:
    """Returns a mean, and the lowest and highest value if there are several."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return "-"
    mean = f"{sum(known) / len(known):.4f}"
    return mean if len(known) == 1 else f"{mean} [{min(known):.4f}, {max(known):.4f}]"
