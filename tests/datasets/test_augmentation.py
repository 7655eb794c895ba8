from itertools import permutations

import numpy as np
import pytest

from shapeseg.datasets.augmentation import augment, paste
from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene
from shapeseg.scenes.settings import MAX_INSTANCES

RANDOM = np.random.Generator(np.random.PCG64(0))


def ways(square):
    """Every mirroring and turn, by NumPy's own names, of (H, W[, C])."""
    turns = [lambda a, k=k: np.rot90(a, k) for k in range(4)] + [lambda a, k=k: np.rot90(np.fliplr(a), k) for k in range(4)]
    return turns if square else [turns[0], turns[2], turns[4], turns[6]]


@pytest.mark.parametrize("shape", [(8, 8), (8, 12), (5, 3)])
def test_every_result_is_one_way_to_turn_and_one_to_recolour(shape):
    image = RANDOM.integers(0, 256, (*shape, 3), np.uint8)
    mask = RANDOM.integers(0, 2, shape, np.uint8)
    square = shape[0] == shape[1]
    expected = {
        (turn(image)[..., channels].tobytes(), turn(mask).tobytes())
        for turn in ways(square)
        for channels in map(list, permutations(range(3)))
    }
    assert len(expected) == (48 if square else 24)
    served = set()
    for index in range(600):
        turned, turned_mask = augment(image, mask, ("turn", "recolor"), seed=0, epoch=0, index=index)
        assert turned.shape == image.shape
        assert turned_mask.shape == mask.shape
        served.add((turned.tobytes(), turned_mask.tobytes()))
    assert served == expected  # and each of them comes up


def test_seed_epoch_and_index_each_matter_and_nothing_else():
    image = RANDOM.integers(0, 256, (6, 6, 3), np.uint8)
    mask = image[..., 0] & 1
    before = image.copy(), mask.copy()

    def run(**what):
        return b"".join(augment(image, mask, ("turn", "recolor"), **what)[0].tobytes() for _ in range(2))

    base = {"seed": 0, "epoch": 0, "index": 0}
    assert run(**base) == run(**base)
    for name in base:
        assert len({run(**(base | {name: value})) for value in range(60)}) > 20
    assert len({run(seed=0, epoch=epoch, index=index) for epoch, index in ((0, 1), (1, 0), (2, 3), (3, 2))}) > 1
    assert np.array_equal(image, before[0])
    assert np.array_equal(mask, before[1])


def test_noise_is_bounded_leaves_labels_alone_and_varies():
    image = np.full((16, 16, 3), 100, np.uint8)
    mask = np.zeros((16, 16), np.uint8)
    strengths = []
    for index in range(60):
        noisy, labels = augment(image, mask, ("noise",), seed=0, epoch=0, index=index)
        assert labels is mask
        difference = np.abs(noisy.astype(int) - 100)
        assert difference.max() <= 24
        strengths.append(difference.max())
    assert len(set(strengths)) > 10
    white, _ = augment(np.full((16, 16, 3), 255, np.uint8), mask, ("noise",), seed=0, epoch=0, index=1)
    assert white.min() >= 255 - 24  # clipped, not wrapped round


def test_one_kind_does_not_change_what_another_does():
    image = RANDOM.integers(0, 256, (8, 8, 3), np.uint8)
    mask = RANDOM.integers(0, 2, (8, 8), np.uint8)
    for index in range(20):
        turned = augment(image, mask, ("turn",), seed=0, epoch=0, index=index)[1]
        assert np.array_equal(turned, augment(image, mask, ("turn", "recolor", "noise"), seed=0, epoch=0, index=index)[1])


def test_pasting_adds_one_shape_in_front_of_every_other_scene_or_so():
    grown = 0
    for index in range(100):
        scene = sample_scene(SceneSettings(), seed=0, index=index)
        pasted = paste(scene, SceneSettings(), seed=0, epoch=0, index=index)
        assert pasted.instances[: len(scene.instances)] == scene.instances
        grown += len(pasted.instances) - len(scene.instances)
        assert pasted == paste(scene, SceneSettings(), seed=0, epoch=0, index=index)
    assert 30 < grown < 70


def test_nothing_is_pasted_on_a_scene_that_is_full():
    instance = Instance("rectangle", (1, 1, 9, 9), (255, 0, 0))
    scene = Scene(64, 64, (255, 255, 255), (instance,) * MAX_INSTANCES)
    for index in range(10):
        assert paste(scene, SceneSettings(), seed=0, epoch=0, index=index) == scene


def test_a_photograph_is_flipped_from_left_to_right_and_no_other_way():
    image, mask = RANDOM.integers(0, 256, (6, 9, 3), np.uint8), RANDOM.integers(0, 256, (6, 9, 1), np.uint8)
    served = {tuple(part.tobytes() for part in augment(image, mask, ("flip",), seed=0, epoch=0, index=i)) for i in range(40)}
    assert served == {(image.tobytes(), mask.tobytes()), (image[:, ::-1].tobytes(), mask[:, ::-1].tobytes())}


def test_light_changes_all_pixels_alike_and_no_label():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    mask = np.zeros((16, 16, 1), np.uint8)
    middles, slopes = [], []
    for index in range(200):
        lit, labels = augment(image, mask, ("light",), seed=0, epoch=0, index=index)
        assert labels is mask
        curve = lit[..., 0].ravel().astype(int)
        assert np.array_equal(lit, lit[..., :1].repeat(3, 2))
        assert (np.diff(curve) >= 0).all()
        middles.append(curve[128] - 128)
        slopes.append((curve[160] - curve[96]) / 64)
    assert -32 <= min(middles) < -20 < 20 < max(middles) <= 32
    assert 0.73 < min(slopes) < 0.85 < 1.15 < max(slopes) < 1.27


def test_new_kinds_do_not_change_what_old_ones_do():
    """Runs that were begun before must go on as they were."""
    image = RANDOM.integers(0, 256, (8, 8, 3), np.uint8)
    mask = RANDOM.integers(0, 2, (8, 8), np.uint8)
    for index in range(10):
        alone = augment(image, mask, ("turn", "recolor"), seed=3, epoch=1, index=index)
        more = augment(image, mask, ("turn", "recolor", "scale"), seed=3, epoch=1, index=index)
        assert all(np.array_equal(one, other) for one, other in zip(alone, more, strict=True))
