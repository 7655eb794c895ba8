"""Large images window by window: every pixel counts once."""

import numpy as np
import pytest

from shapeseg.datasets import windows
from shapeseg.datasets.windows import Windows, spans
from shapeseg.labels import IGNORED
from shapeseg.scenes import SceneSettings


class Stored:
    """Images whose pixels tell their place."""

    settings, rule = SceneSettings(), None

    def __init__(self, *sizes):
        self.sizes = sizes
        self.opened = []

    def __len__(self):
        return len(self.sizes)

    def stored(self, place):
        self.opened.append(place)
        rows, columns = np.mgrid[: self.sizes[place][0], : self.sizes[place][1]]
        return np.dstack([rows >> 8, rows & 255, columns]).astype(np.uint8), ((rows + columns) % 2).astype(np.uint8)


def test_every_place_of_an_axis_is_kept_once_a_margin_from_every_cut():
    for length in (1, 9, 10, 11, 20, 57):
        found = list(spans(length, margin=2, side=10))
        assert [place for span in found for place in range(span.keep_first, span.keep_last)] == list(range(length))
        for span in found:
            assert 0 <= span.first <= span.keep_first < span.keep_last <= span.last <= length
            assert span.last - span.first <= 10
            assert span.first == 0 or span.keep_first - span.first >= 2
            assert span.last == length or span.last - span.keep_last >= 2


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(windows, "MAX_PIXELS", 64 * 64)
    monkeypatch.setattr(windows, "WINDOW", 64)
    monkeypatch.setattr(windows, "_MARGIN", 16)


def test_every_pixel_counts_once_and_small_images_are_whole(small_windows):
    source = Stored((100, 130), (64, 64), (20, 300))
    seen = Windows(source, list(source.sizes))
    assert seen.largest == 64 * 64
    counted = [np.zeros(size, int) for size in source.sizes]
    for place in range(len(seen)):
        image, labels = seen.stored(place)
        assert image.shape[:2] == labels.shape
        assert max(labels.shape) <= 64 or labels.shape == (64, 64)
        which = source.opened[-1]
        rows, columns = image[..., 0].astype(int) * 256 + image[..., 1], image[..., 2]
        kept = labels != IGNORED
        if which != 2:  # whose columns do not fit into a byte
            assert np.array_equal(labels[kept], ((rows + columns) % 2)[kept])
            counted[which][rows[kept], columns[kept]] += 1
    assert all((each == 1).all() for each in counted[:2])
    assert source.opened == [0, 1, 2]  # each once, though it has many windows
