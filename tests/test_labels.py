import numpy as np
import pytest

from shapeseg.labels import crossed, is_ambiguous, is_blamed, is_ignored, is_target, label_map

# Six pixels: what they are, whether the image tells it, whether they count.
TARGET = np.array([0, 1, 0, 1, 0, 1], bool)
AMBIGUOUS = np.array([0, 0, 1, 1, 0, 1], bool)
IGNORED = np.array([0, 0, 0, 0, 1, 1], bool)
LABELS = np.array([0, 1, 2, 3, 255, 255], np.uint8)


def test_a_label_map_by_hand():
    labels = label_map(TARGET, AMBIGUOUS, IGNORED)
    assert labels.dtype == np.uint8
    assert labels.tolist() == LABELS.tolist()
    assert label_map(TARGET).tolist() == TARGET.astype(int).tolist()


def test_what_was_written_is_read():
    assert is_target(LABELS).tolist() == (TARGET & ~IGNORED).tolist()
    assert is_ambiguous(LABELS).tolist() == (AMBIGUOUS & ~IGNORED).tolist()
    assert is_ignored(LABELS).tolist() == IGNORED.tolist()


@pytest.mark.parametrize(("ignore_ambiguous", "blamed"), [(True, [1, 1, 0, 0, 0, 0]), (False, [1, 1, 1, 1, 0, 0])])
def test_nobody_is_blamed_for_what_does_not_count(ignore_ambiguous, blamed):
    assert is_blamed(LABELS, ignore_ambiguous=ignore_ambiguous).astype(int).tolist() == blamed


def test_label_and_prediction_are_one_number():
    assert crossed(LABELS, np.zeros_like(LABELS)).tolist() == [0, 2, 4, 6, 254, 254]
    assert crossed(LABELS, np.ones_like(LABELS)).tolist() == [1, 3, 5, 7, 255, 255]
