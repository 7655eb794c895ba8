"""The page of the occlusion study: its numbers as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapeseg.workflows.study.markdown import (
    MARK,
    count_text,
    difference_text,
    mean_text,
    quick_note,
    seeds_text,
    short_text,
    table,
)
from shapeseg.workflows.study.record import (
    Composition,
    Counterfactual,
    Loss,
    MatrixCell,
    MatrixDifference,
    MatrixScore,
    OrderTest,
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
_COMPOSITION = (
    "images",
    "shapes an image",
    "rectangles an image",
    "of them hidden at all",
    "hidden by more than a quarter",
    "rectangle pixels an image",
)
_OVERLAP = ("hidden pixels of any shape", "contested pixels", "of them the rectangle in front", "ambiguous pixels")
_COLORS = {"other": "of different colours: the image tells", "same": "of the same colour: the image does not tell"}


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
        table(
            ["trained on", *_COMPOSITION],
            [[arm, *_composition(found)] for arm, found in results["training_sets"].items()],
        ),
        _what_overlaps(results["training_sets"]),
        table(
            ["trained on", *_OVERLAP],
            [[arm, *_overlap(found)] for arm, found in results["training_sets"].items()],
        ),
        "## Thresholds",
        "One rule for all: of 0.05, 0.10 ... 0.95, the one with the highest IoU of all pixels of the common val set.",
        table(
            ["trained on", "threshold of each seed", "IoU on val of each seed"],
            [
                [
                    arm,
                    seeds_text((each["threshold"] for each in models), 2),
                    seeds_text((each["val_iou"] for each in models), 4),
                ]
                for arm, models in results["models"].items()
            ],
        ),
    ]
    for score, name in _IOUS:
        parts += [
            f"## Rectangle IoU, {name}",
            table(
                ["trained on", *(f"tested on {test}" for test in tests)],
                [[arm, *(mean_text(matrix[test][arm][score]) for test in tests)] for arm in settings["arms"]],
            ),
        ]
    for difference, name in _DIFFERENCES:
        parts += [
            f"## Difference to training on all, same images, {name}",
            table(
                ["trained on", *(f"tested on {test}" for test in tests)],
                [
                    [arm, *(difference_text(matrix[test][arm][difference]) for test in tests)]
                    for arm in settings["arms"]
                    if arm != BASE
                ],
            ),
        ]
    parts += ["## Precision and recall, all pixels", _precision_and_recall(matrix, settings["arms"])]
    parts += _order(results["order"])
    parts += [*_response(results["response"]), *_counterfactual(results["counterfactual"]), *_worst(results["worst"])]
    return "\n\n".join(parts) + "\n"


def summary(results: StudyResults) -> str:
    """Returns the IoU on decidable pixels, for the terminal: a row an arm, a column a test set."""
    matrix = results["matrix"]
    lines = [f"{'IoU, decidable pixels':<24}" + "".join(f"{test:>9}" for test in matrix)]
    for arm in results["training_sets"]:
        values = [matrix[test][arm]["iou_decidable"]["value"] for test in matrix]
        lines.append(f"{arm:<24}" + "".join(f"{'-' if value is None else f'{value:.4f}':>9}" for value in values))
    return "\n".join(lines)


def decidable_table(matrix: Mapping[str, Mapping[str, MatrixCell]]) -> str:
    """Returns the IoU on decidable pixels as Markdown: a row an arm, a column a test set."""
    arms = next(iter(matrix.values()))
    rows = [[arm, *(mean_text(cells[arm]["iou_decidable"]) for cells in matrix.values())] for arm in arms]
    return table(["trained on", *(f"tested on {test}" for test in matrix)], rows)


def _introduction(results: StudyResults) -> str:
    settings = results["settings"]
    return (
        f"{quick_note(results['quick'])}Each model learned from {settings['train_images']} images in "
        f"{settings['training']['epochs']} epochs; "
        f"{settings['seeds']} seeds an arm; {settings['test_images']} images a test set. Values are means over seeds. "
        f"{results['intervals']} {_many_comparisons(results)}\n\n```\n{results['command']}\n```"
    )


def _many_comparisons(results: StudyResults) -> str:
    """Says what the mark means, and how many differences would go without it by chance alone."""
    matrix, pairs = results["matrix"], results["counterfactual"]["arms"]
    shown = [cell[score] for arms in matrix.values() for arm, cell in arms.items() if arm != BASE for score, _ in _DIFFERENCES]
    shown += [change["change"] for bins in pairs.values() for change in bins.values()]
    called = results["order"]["called"]
    shown += [
        found["difference"]
        for places in called.values()
        for arms in places.values()
        for arm, found in arms.items()
        if arm != BASE
    ]
    known = [each for each in shown if each["value"] is not None]
    stand = sum(each["stands"] is True for each in known)
    return (
        f"A difference marked {MARK} does not stand: its t interval over seeds, or its brackets, hold 0; "
        f"without brackets this is of these very images. {stand} of the {len(known)} differences and changes shown stand; "
        f"if there was nothing to find, about {0.05 * len(known):.0f} would, by chance."
    )


def _what_overlaps(sets: Mapping[str, Composition]) -> str:
    text = (
        "Means per image. Contested pixels are those that a rectangle and exactly one other shape cover, hidden or not. "
        "Ambiguous pixels are excluded from the loss; none are known in sets that cannot state by what they were chosen."
    )
    if found := sets.get("drop-occluded"):
        share = found["ambiguous_pixels_per_image"] / max(found["rectangle_pixels_per_image"], 1)
        text += (
            f" Those of `drop-occluded` are {share:.1%} of its rectangle pixels in number: no more than that many pixels are "
            "learned from in its reversed twins, where none are known, but not in the set itself."
        )
    return text


def _precision_and_recall(matrix: Mapping[str, Mapping[str, MatrixCell]], arms: Sequence[str]) -> str:
    head = ["trained on", *(f"{score}, {test}" for test in matrix for score in _PARTS)]
    rows = [[arm, *(short_text(matrix[test][arm][score]) for test in matrix for score in _PARTS)] for arm in arms]
    return table(head, rows)


def _order(test: OrderTest) -> list[str]:
    parts = [
        "## Order test: which of two shapes is in front",
        "Scenes of `natural` and their twins in reversed depth order. Of the pixels that a rectangle and one other shape "
        "cover, the share that is called rectangle, where the rectangle is in front and where it is behind. A model that "
        "knows the order has 1 and 0; one that takes the rectangle to be in front, 1 and 1; one that takes it to be behind, "
        "0 and 0.",
    ]
    for colors, places in test["called"].items():
        parts += [
            f"### Shapes {_COLORS[colors]}, {test['pixels'][colors]} pixels of {test['scenes'][colors]} scenes",
            table(
                ["trained on", *(f"{what}{place}" for what in ("", "difference to all, ") for place in places)],
                [
                    [
                        arm,
                        *(mean_text(arms[arm]) for arms in places.values()),
                        *("" if arm == BASE else difference_text(arms[arm]["difference"]) for arms in places.values()),
                    ]
                    for arm in places["behind"]
                ],
            ),
        ]
    return parts


def _response(found: Mapping[str, ResponseCurve]) -> list[str]:
    titles = {"any": "whatever hides them", "other": "hidden by another colour", "same": "hidden by the same colour"}
    parts = [
        "## By how much of a rectangle is hidden, tested on dialled",
        "Recall is the share of its visible pixels that are found. Invented are the pixels of an image that are wrongly "
        "predicted to be rectangle, by the bin of its one hidden rectangle.",
    ]
    for group, curve in found.items():
        tables = (("Recall", 4, curve["recall"]), ("Invented pixels an image", 0, curve["invented"]))
        for name, digits, arms in tables:
            parts += [
                f"### {name}, {titles[group]}",
                table(
                    ["trained on", *(f"{bin_}, n={count}" for bin_, count in curve["n"].items())],
                    [[arm, *(mean_text(values[bin_], digits) for bin_ in curve["n"])] for arm, values in arms.items()],
                ),
            ]
    return parts


def _counterfactual(found: Counterfactual) -> list[str]:
    n = found["n"]
    rows = [
        [
            arm,
            mean_text(each["any"]["before"]),
            mean_text(each["any"]["after"]),
            *(difference_text(each[name]["change"]) for name in n),
        ]
        for arm, each in found["arms"].items()
    ]
    return [
        "## Counterfactual pairs: the same rectangles with and without what hides them",
        "Recall on natural scenes, on the same scenes without their occluders, and its change, by how much was hidden.",
        table(["trained on", "before", "after", *(f"change {name}, n={count}" for name, count in n.items())], rows),
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
        table(["tested on", "trained on", "images"], rows),
    ]


def _composition(found: Composition) -> list[str]:
    return [
        count_text(found["images"]),
        count_text(found["shapes_per_image"]),
        count_text(found["rectangles_per_image"]),
        f"{found['hidden_at_all']:.1%}",
        f"{found['hidden_by_more_than_a_quarter']:.1%}",
        count_text(found["rectangle_pixels_per_image"]),
    ]


def _overlap(found: Composition) -> list[str]:
    share = found["rectangle_in_front"]
    return [
        count_text(found["hidden_pixels_per_image"]),
        count_text(found["contested_pixels_per_image"]),
        "-" if share is None else f"{share:.1%}",
        count_text(found["ambiguous_pixels_per_image"]),
    ]
