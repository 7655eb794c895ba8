import random

import keras
import numpy as np

from shapeseg.models import build
from shapeseg.training.checkpoint import capture, read_newest, restore, write

IMAGES = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (2, 8, 8, 3), np.uint8)


def trained(steps, seed):
    keras.utils.set_random_seed(seed)
    model = build("unet", {"widths": (4,)})
    model.compile(optimizer="adam", loss="mse")
    for _ in range(steps):
        model.train_on_batch(IMAGES, IMAGES[..., :1] / 255)
    return model


def numbers(model):
    """All that a step of the training depends on and changes: weights, and what the optimiser remembers."""
    return [np.array(keras.ops.convert_to_numpy(each)) for each in (*model.weights, *model.optimizer.variables)]


def drawn():
    return random.random(), np.random.random(), float(keras.random.uniform(()))  # noqa: NPY002 (others may draw from it)


def test_a_restored_training_has_every_number_and_draws_the_same_next(tmp_path):
    model = trained(steps=3, seed=0)
    write(tmp_path, capture(model, 3, {"history": [{"loss": 0.5}]}))
    before, expected = numbers(model), drawn()
    checkpoint, _ = read_newest(tmp_path)
    assert (checkpoint.epoch, checkpoint.state["history"]) == (3, [{"loss": 0.5}])
    other = trained(steps=1, seed=1)
    restore(other, checkpoint)
    assert drawn() == expected
    assert all(np.array_equal(old, new) for old, new in zip(before, numbers(other), strict=True))
