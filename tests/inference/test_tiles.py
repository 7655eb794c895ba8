import keras
import numpy as np
import pytest

from shapeseg.inference.predictor import probabilities
from shapeseg.inference.tiles import measure_reach, probabilities_in_tiles, spans
from shapeseg.models import Architecture, build


def seen_from(pixel, levels):
    """The first and last pixel, along one axis, that a U-Net of so many levels looks at for one of its answers."""
    first = last = pixel // 2
    for _ in range(levels - 1):  # up, read backwards: a kernel of three on what was grown
        first, last = (first - 1) // 2, (last + 1) // 2
    for _ in range(levels - 1):  # down, read backwards: a kernel of three on what was pooled
        first, last = 2 * (first - 1), 2 * (last + 1) + 1
    return 2 * first - 2, 2 * last + 3  # six pixels, every two


def reach_by_hand(levels):
    """How far, from the edges of a block of one stride, answers depend on the block; a multiple of the stride."""
    stride = 2**levels
    start = 64 * stride
    moved = []
    for pixel in range(2 * start):
        first, last = seen_from(pixel, levels)
        if first < start + stride and last >= start:
            moved.append(pixel)
    farthest = max(start - moved[0], moved[-1] - (start + stride - 1))
    return -(-farthest // stride) * stride


def new_model(widths, seed=0):
    keras.utils.set_random_seed(seed)
    return build("unet", {"widths": widths})


def noise(height, width, seed=1):
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("widths", [(6,), (4, 6), (4, 4, 4), (8, 8, 16, 16)], ids=str)
def test_the_reach_is_found_whatever_the_weights(widths):
    stride = 2 ** len(widths)
    for seed in range(3):
        assert measure_reach(new_model(widths, seed), stride=stride) == reach_by_hand(len(widths))


@pytest.mark.parametrize("name", ["deeplab_v3_plus", "segformer"])
def test_a_model_that_looks_at_the_whole_image_has_no_reach(name):
    keras.utils.set_random_seed(0)
    assert measure_reach(build(name), stride=Architecture(name).stride) is None


@pytest.mark.parametrize(("height", "width"), [(129, 100), (64, 300), (131, 133), (200, 1)])
def test_tiles_give_what_the_whole_image_gives(height, width):
    model = new_model((4, 4, 4))
    image = noise(height, width)
    whole = probabilities(model, image[None], stride=8)[0]
    tiled = probabilities_in_tiles(model, image, stride=8, margin=24, side=64)
    assert tiled.shape == (height, width)
    assert np.abs(tiled - whole).max() <= 1e-5


def test_with_less_margin_than_the_reach_a_seam_shows():
    model = new_model((4, 4, 4))
    image = noise(150, 150)
    whole = probabilities(model, image[None], stride=8)[0]
    assert np.abs(probabilities_in_tiles(model, image, stride=8, margin=16, side=64) - whole).max() > 1e-4


@pytest.mark.parametrize("length", [1, 9, 10, 11, 16, 17, 100])
def test_what_is_kept_covers_an_axis_once_and_keeps_away_from_cuts(length):
    kept = []
    for first, last, keep_first, keep_last in spans(length, margin=2, side=10):
        assert 0 <= first <= keep_first < keep_last <= last <= length
        assert last - first <= 10
        assert first == 0 or keep_first - first == 2
        assert last == length or last - keep_last == 2
        kept += range(keep_first, keep_last)
    assert kept == list(range(length))
