"""What the numbers in a training label map mean: the one place that writes and reads them.

==========  =======================================================================================
0           background
1           target
2, 3        the same, but ambiguous: the image does not determine the label
255         ignored: of an instance that loss and scores leave out
==========  =======================================================================================

What reads them uses operators alone, so that arrays of NumPy and tensors of every backend are read alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BACKGROUND, TARGET = 0, 1
AMBIGUOUS = 2  # added to either
IGNORED = 255

Labels = NDArray[np.uint8]


def label_map(
    target: NDArray[np.bool_], ambiguous: NDArray[np.bool_] | None = None, ignored: NDArray[np.bool_] | None = None
) -> Labels:
    """Returns the label map, uint8, of masks of one shape, bool: what must be found, what is ambiguous, what is left out."""
    labels = target.astype(np.uint8)
    if ambiguous is not None:
        labels[ambiguous] += AMBIGUOUS
    if ignored is not None:
        labels[ignored] = IGNORED
    return labels


def is_target(labels: Any) -> Any:
    """Where a model must find the target, ambiguous or not."""
    return (labels == TARGET) | (labels == TARGET + AMBIGUOUS)


def is_ambiguous(labels: Any) -> Any:
    """Where the image cannot tell the label."""
    return (labels == AMBIGUOUS) | (labels == TARGET + AMBIGUOUS)


def is_ignored(labels: Any) -> Any:
    """Where loss and scores do not look."""
    return labels == IGNORED


def is_blamed(labels: Any, *, ignore_ambiguous: bool) -> Any:
    """Where a prediction can be wrong: nowhere that is ignored, nor, if so asked, ambiguous."""
    return labels < (AMBIGUOUS if ignore_ambiguous else IGNORED)


def crossed(labels: Any, predicted: Any) -> Any:
    """Returns one number of label and prediction, both uint8 and the latter 0 or 1, so that one count gives every score.

    0 to 3 are decidable and 4 to 7 ambiguous; of four, the first two are background and the last two target, and of two, the
    second is predicted. Ignored labels become 254 and 255.
    """
    return 2 * labels + predicted  # 2 * 255 is 254 in eight bits
