"""The page of the occlusion study: its numbers as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapeseg.workflows.study.record import (
    Composition,
    Counterfactual,
    Difference,
    Loss,
    MatrixCell,
    MatrixDifference,
    MatrixScore,
    Mean,
    ResponseCurve,
    StudyResults,
)
from shapeseg.workflows.study.settings import BASE

# Names of ``study.json`` and how the page calls them.
_IOUS: Sequence[tuple[MatrixScore, str]] = (("iou", "all pixels"), ("iou_decidable", "decidable pixels"))
_DIFFERENCES: Sequence[tuple[MatrixDifference, str]] = (
    ("difference", "all pixels"),
    ("difference_decidable", "decidable pixels"),
)
_PARTS: Sequence[MatrixScore] = ("precision", "recall")
_MARK = "(?)"
_COMPOSITION = (
    "images",
    "shapes an image",
    "rectangles an image",
    "of them hidden at all",
    "hidden by more than a quarter",
    "rectangle pixels an image",
)


def study_page(results: StudyResults) -> str:
    """Returns the page.

    Args:
        results: As ``study.json`` holds them.
    """
    settings, matrix = results["settings"], results["matrix"]
    tests = list(matrix)
    parts = [
        "# What occlusion in the training data does",
        _introduction(results),
        "## What each arm learned from",
        _table(
            ["trained on", *_COMPOSITION],
            [[arm, *_composition(found)] for arm, found in results["training_sets"].items()],
        ),
    ]
    for score, name in _IOUS:
        parts += [
            f"## Rectangle IoU, {name}",
            _table(
                ["trained on", *(f"tested on {test}" for test in tests)],
                [[arm, *(_value(matrix[test][arm][score]) for test in tests)] for arm in settings["arms"]],
            ),
        ]
    for difference, name in _DIFFERENCES:
        parts += [
            f"## Difference to training on all, same images, {name}",
            _table(
                ["trained on", *(f"tested on {test}" for test in tests)],
                [
                    [arm, *(_signed(matrix[test][arm][difference]) for test in tests)]
                    for arm in settings["arms"]
                    if arm != BASE
                ],
            ),
        ]
    parts += ["## Precision and recall, all pixels", _precision_and_recall(matrix, settings["arms"])]
    parts += [*_response(results["response"]), *_counterfactual(results["counterfactual"]), *_worst(results["worst"])]
    return "\n\n".join(parts) + "\n"


def summary(results: StudyResults) -> str:
    """Returns the IoU on decidable pixels, for the terminal: a row an arm, a column a test set."""
    matrix = results["matrix"]
    lines = [f"{'IoU, decidable pixels':<22}" + "".join(f"{test:>9}" for test in matrix)]
    for arm in results["training_sets"]:
        values = [matrix[test][arm]["iou_decidable"]["value"] for test in matrix]
        lines.append(f"{arm:<22}" + "".join(f"{'-' if value is None else f'{value:.4f}':>9}" for value in values))
    return "\n".join(lines)


def _introduction(results: StudyResults) -> str:
    settings = results["settings"]
    quick = "**A quick look: these numbers mean little.** " if results["quick"] else ""
    return (
        f"{quick}Each model learned from {settings['train_images']} images in {settings['training']['epochs']} epochs; "
        f"{settings['seeds']} seeds an arm; {settings['test_images']} images a test set. Values are means over seeds. "
        f"{results['intervals']} {_many_comparisons(results)}\n\n```\n{results['command']}\n```"
    )


def _many_comparisons(results: StudyResults) -> str:
    """Says what the mark means, and how many differences would go without it by chance alone."""
    matrix, pairs = results["matrix"], results["counterfactual"]["arms"]
    shown = [cell[score] for arms in matrix.values() for arm, cell in arms.items() if arm != BASE for score, _ in _DIFFERENCES]
    shown += [change["change"] for bins in pairs.values() for change in bins.values()]
    known = [each for each in shown if each["value"] is not None]
    stand = sum(each["stands"] is True for each in known)
    return (
        f"A difference marked {_MARK} does not stand: its t interval over seeds, or its brackets, hold 0; "
        f"without brackets this is of these very images. {stand} of the {len(known)} differences and changes shown stand; "
        f"if there was nothing to find, about {0.05 * len(known):.0f} would, by chance."
    )


def _precision_and_recall(matrix: Mapping[str, Mapping[str, MatrixCell]], arms: Sequence[str]) -> str:
    head = ["trained on", *(f"{score}, {test}" for test in matrix for score in _PARTS)]
    rows = [[arm, *(_short(matrix[test][arm][score]) for test in matrix for score in _PARTS)] for arm in arms]
    return _table(head, rows)


def _response(found: Mapping[str, ResponseCurve]) -> list[str]:
    titles = {"any": "whatever hides them", "other": "hidden by another colour", "same": "hidden by the same colour"}
    parts = [
        "## By how much of a rectangle is hidden, tested on dialled",
        "Recall is the share of its visible pixels that are found. Invented are the pixels of an image that are wrongly "
        "predicted to be rectangle, by the bin of its one hidden rectangle.",
    ]
    for group, curve in found.items():
        tables = (("Recall", _value, curve["recall"]), ("Invented pixels an image", _pixels, curve["invented"]))
        for name, shown, arms in tables:
            parts += [
                f"### {name}, {titles[group]}",
                _table(
                    ["trained on", *(f"{bin_}, n={count}" for bin_, count in curve["n"].items())],
                    [[arm, *(shown(values[bin_]) for bin_ in curve["n"])] for arm, values in arms.items()],
                ),
            ]
    return parts


def _counterfactual(found: Counterfactual) -> list[str]:
    n = found["n"]
    rows = [
        [arm, _value(each["any"]["before"]), _value(each["any"]["after"]), *(_signed(each[name]["change"]) for name in n)]
        for arm, each in found["arms"].items()
    ]
    return [
        "## Counterfactual pairs: the same rectangles with and without what hides them",
        "Recall on natural scenes, on the same scenes without their occluders, and its change, by how much was hidden.",
        _table(["trained on", "before", "after", *(f"change {name}, n={count}" for name, count in n.items())], rows),
    ]


def _worst(found: Mapping[str, Mapping[str, Sequence[Loss]]]) -> list[str]:
    rows = [
        [
            test,
            arm,
            ", ".join(
                f"{each['index']} (+{each['extra_wrong_pixels']:.0f})" for each in worst if each["extra_wrong_pixels"] > 0
            ),
        ]
        for test, arms in found.items()
        for arm, worst in arms.items()
    ]
    return [
        "## Worst cases",
        "Images, by index, with the most wrong pixels beyond those of the models trained on all, in the seeds' mean.",
        _table(["tested on", "trained on", "images"], rows),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))


def _composition(found: Composition) -> list[str]:
    return [
        _count(found["images"]),
        _count(found["shapes_per_image"]),
        _count(found["rectangles_per_image"]),
        f"{found['hidden_at_all']:.1%}",
        f"{found['hidden_by_more_than_a_quarter']:.1%}",
        _count(found["rectangle_pixels_per_image"]),
    ]


def _count(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def _value(found: Mean) -> str:
    if found["value"] is None:
        return "-"
    return f"{found['value']:.4f}" + (" [{:.4f}, {:.4f}]".format(*found["interval"]) if found["interval"] else "")


def _short(found: Mean) -> str:
    return "-" if found["value"] is None else f"{found['value']:.4f}"


def _pixels(found: Mean) -> str:
    if found["value"] is None:
        return "-"
    return f"{found['value']:.0f}" + (" [{:.0f}, {:.0f}]".format(*found["interval"]) if found["interval"] else "")


def _signed(found: Difference) -> str:
    if found["value"] is None:
        return "-"
    interval = " [{:+.4f}, {:+.4f}]".format(*found["interval"]) if found["interval"] else ""
    return f"{found['value']:+.4f}{interval}" + ("" if found["stands"] else f" {_MARK}")
