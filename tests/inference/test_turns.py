import numpy as np
import pytest

from shapeseg.inference.turns import TURNS, averaged, turned, turned_back

IMAGES = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (2, 3, 5, 3), np.uint8)


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_turn_is_undone(turn):
    assert np.array_equal(turned_back(turned(IMAGES, turn), turn), IMAGES)


def test_the_eight_turns_of_a_square_all_differ():
    square = IMAGES[:1, :, :3]
    assert len({turned(square, turn).tobytes() for turn in range(TURNS)}) == TURNS


def test_a_model_that_turns_along_is_unchanged_and_another_averaged():
    def brightness(images):
        return images.mean(axis=-1, dtype=np.float32)

    def leftmost(images):
        """Says 1 in the first column and 0 elsewhere."""
        found = np.zeros(images.shape[:3], np.float32)
        found[:, :, 0] = 1
        return found

    assert averaged(brightness, IMAGES, brightness(IMAGES)) == pytest.approx(brightness(IMAGES))
    # Of eight turns, two have each of the four edges in the first column: 1/4 at an edge, 1/2 in a corner.
    found = averaged(leftmost, IMAGES, leftmost(IMAGES))
    edges = np.array([[2, 1, 1, 1, 2], [1, 0, 0, 0, 1], [2, 1, 1, 1, 2]]) / 4
    assert found.dtype == np.float32
    assert np.array_equal(found, [edges, edges])
