import keras
import numpy as np
import pytest

from shapeseg.models.layers import ConvBlock

# A kernel of one pixel that changes nothing: what is normalised is the image. Its mean is 3; its squared distances from it
# are 4, 1, 0 and 9: biased variance 14 / 4, unbiased 14 / 3.
IMAGE = np.array([1, 2, 3, 6], "float32").reshape(1, 2, 2, 1)
MOMENTUM, EPSILON = 0.75, 1e-3


@pytest.fixture
def block():
    block = ConvBlock(1, kernel_size=1, momentum=MOMENTUM, epsilon=EPSILON)
    block.build(IMAGE.shape)
    block.kernel.assign(np.ones((1, 1, 1, 1)))
    return block


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor).ravel()


def test_a_training_step_normalises_by_the_batch_and_moves_the_moving_statistics(block):
    given = numbers(block(IMAGE, training=True))
    assert given == pytest.approx(np.array([0, 0, 0, 3]) / np.sqrt(14 / 4 + EPSILON), abs=1e-6)
    assert numbers(block.moving_mean) == pytest.approx([MOMENTUM * 0 + (1 - MOMENTUM) * 3])
    assert numbers(block.moving_variance) == pytest.approx([MOMENTUM * 1 + (1 - MOMENTUM) * 14 / 3])


def test_inference_normalises_by_the_moving_statistics_and_leaves_them(block):
    block.moving_mean.assign([2])
    block.moving_variance.assign([4])
    given = numbers(block(IMAGE, training=False))
    assert given == pytest.approx(np.array([0, 0, 1, 4]) / np.sqrt(4 + EPSILON), abs=1e-6)
    assert (numbers(block.moving_mean), numbers(block.moving_variance)) == ([2], [4])
