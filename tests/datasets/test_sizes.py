"""Sizes: scaled, cropped, padded; images, labels and what is ignored stay where they belong."""

import numpy as np
import pytest

from shapeseg.datasets.sizes import Sizes, usual_sizes, window
from shapeseg.errors import UsageError
from shapeseg.labels import IGNORED

RANDOM = np.random.Generator(np.random.PCG64(0))


def numbered(height, width):
    """An image whose pixels tell their place, and labels that say the same."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return np.dstack([rows, columns, rows ^ columns]), (rows * 7 + columns)[..., None] % 251


def patch(sizes, image, taught, ignored=(255,), **what):
    return sizes.patch(image, taught, ignored, **({"seed": 0, "epoch": 0, "index": 0, "zoom": False} | what))


def test_the_longer_side_is_scaled_and_its_shape_kept():
    assert Sizes(resize=100).scaled_size(300, 200) == (100, 67)
    assert Sizes(resize=100).scaled_size(50, 25) == (100, 50)
    assert Sizes(resize=16).scaled_size(1, 4000) == (1, 16)
    assert Sizes().scaled_size(7, 9) == (7, 9)


def test_a_scaled_pixel_is_the_mean_of_its_pixels_and_its_label_that_at_its_centre():
    image = RANDOM.integers(0, 256, (48, 32, 3), np.uint8)
    labels = RANDOM.integers(0, 3, (48, 32), np.uint8)
    sizes = Sizes(resize=16)
    means = image.reshape(16, 3, 32, 3).mean(axis=1)[:, ::2]  # of three rows
    assert sizes.scaled(image).shape == (16, 11, 3)
    sizes = Sizes(resize=16)
    thirds = RANDOM.integers(0, 256, (48, 48, 3), np.uint8)
    means = thirds.reshape(16, 3, 16, 3, 3).mean(axis=(1, 3))
    assert np.abs(sizes.scaled(thirds) - means).max() <= 0.5 + 1e-6
    assert np.array_equal(sizes.scaled_labels(labels[:, :16].repeat(3, 1)), labels[1::3, :16])
    assert sizes.scaled_labels(np.full((48, 48, 2), np.nan, np.float32)).shape == (16, 16, 2)


def test_what_needs_no_scaling_is_left():
    image, taught = numbered(20, 16)
    sizes = Sizes(resize=20)
    assert sizes.scaled(image) is image
    assert sizes.scaled_labels(taught) is taught


def test_probabilities_come_back_at_the_size_of_the_image():
    sizes = Sizes(resize=16)
    steps = np.linspace(0, 1, 16, dtype=np.float32)[:, None].repeat(8, 1)
    back = sizes.restored(steps, 48, 24)
    assert back.shape == (48, 24)
    assert np.allclose(back[1::3, 1], steps[:, 0], atol=1e-6)  # at the centres
    assert sizes.restored(steps, 16, 8) is steps


def test_a_patch_is_cut_alike_from_image_and_labels_by_seed_epoch_and_index_alone():
    image, taught = numbered(60, 90)
    seen = set()
    for index in range(300):
        part, labels = patch(Sizes(crop=32), image, taught, index=index)
        top, left = part[0, 0, :2].tolist()
        assert np.array_equal(part, image[top : top + 32, left : left + 32])
        assert np.array_equal(labels, taught[top : top + 32, left : left + 32])
        seen.add((top, left))
    rows, columns = zip(*seen, strict=True)
    assert (min(rows), max(rows), min(columns), max(columns)) == (0, 28, 0, 58)

    def start(**what):
        return patch(Sizes(crop=32), image, taught, **what)[0][0, 0, :2].tolist()

    assert start(index=3) == start(index=3)
    for name in ("seed", "epoch", "index"):
        assert len({tuple(start(**{name: value})) for value in range(40)}) > 20


@pytest.mark.parametrize(("height", "width"), [(20, 90), (90, 20), (10, 12)])
def test_what_is_missing_of_a_patch_is_ignored_and_repeats_the_edge(height, width):
    image, taught = numbered(height, width)
    for index in range(50):
        part, labels = patch(Sizes(crop=32), image, taught, index=index)
        assert part.shape == (32, 32, 3)
        there = labels[..., 0] != IGNORED
        assert there.sum() == min(32, height) * min(32, width)
        rows, columns = np.nonzero(there)
        inside = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
        top, left = part[inside][0, 0, :2].tolist()
        shown = (slice(top, top + 32), slice(left, left + 32))
        assert np.array_equal(part[inside], image[shown])
        assert np.array_equal(labels[inside], taught[shown])
        assert {tuple(pixel) for pixel in part.reshape(-1, 3)} == {tuple(pixel) for pixel in image[shown].reshape(-1, 3)}


def test_what_is_ignored_has_a_value_in_every_channel():
    image, taught = numbered(10, 10)
    both = np.concatenate([taught, taught], axis=-1).astype(np.float32)
    _, labels = patch(Sizes(crop=16), image, both, (IGNORED, 0.5))
    assert {tuple(pixel) for pixel in labels[labels[..., 0] == IGNORED].tolist()} == {(IGNORED, 0.5)}


@pytest.mark.parametrize("crop", [None, 32])
def test_zooming_keeps_image_and_labels_aligned(crop):
    """Of a large checkerboard, a patch shows squares of another size, and labels say which are bright."""
    squares = (np.mgrid[:80, :96] // 8).sum(axis=0) % 2
    image = np.repeat((squares * 200).astype(np.uint8)[..., None], 3, axis=2)
    taught = squares.astype(np.uint8)[..., None]
    zooms = set()
    for index in range(60):
        part, labels = patch(Sizes(crop=crop), image, taught, index=index, zoom=True)
        assert part.shape[:2] == labels.shape[:2] == ((32, 32) if crop else (80, 96))
        there = labels[..., 0] != IGNORED
        bright = part[..., 0] > 100
        assert (bright != (labels[..., 0] == 1))[there].mean() < 0.04  # at edges, where the image is a mean
        zooms.add(round(there.mean(), 2))
    assert len(zooms) > (3 if crop is None else 0)


def test_a_batch_is_as_large_as_its_largest_image_in_multiples_of_the_stride():
    pairs = [numbered(*size) for size in ((10, 30), (33, 8), (16, 16))]
    images, taught = Sizes(stride=16).joined(*zip(*pairs, strict=True), (IGNORED,))
    assert images.shape == (3, 48, 32, 3)
    for place, (image, labels) in enumerate(pairs):
        height, width = image.shape[:2]
        assert np.array_equal(images[place, :height, :width], image)
        assert np.array_equal(taught[place, :height, :width], labels)
        assert (taught[place] == IGNORED).sum() >= 48 * 32 - height * width
        assert (images[place, height:, :width] == image[-1]).all()
    same = [numbered(16, 32)] * 2
    images, _ = Sizes(stride=16).joined(*zip(*same, strict=True), (IGNORED,))
    assert images.shape == (2, 16, 32, 3)


def test_a_window_may_begin_outside():
    image, taught = numbered(4, 4)
    part, labels = window(image, taught, (9,), (-2, 1), (4, 4))
    assert labels[..., 0].tolist() == [[9] * 4] * 2 + [[*row, 9] for row in taught[:2, 1:, 0].tolist()]
    assert np.array_equal(part[2:, :3], image[:2, 1:])


def test_sizes_that_cannot_be_meant_are_refused():
    for wrong in ({"crop": 8}, {"resize": 10_000}):
        with pytest.raises(UsageError, match="must be from 16 to 4096"):
            Sizes(**wrong)


def test_what_is_usual_follows_from_the_sizes_of_the_images():
    assert usual_sizes([(224, 224)] * 5) == Sizes()
    assert usual_sizes([(320, 480), (100, 100)]) == Sizes(crop=256)
    assert usual_sizes([(3000, 4000), (4000, 3000), (100, 100)]) == Sizes(resize=1024, crop=256)
