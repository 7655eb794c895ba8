"""Variants of every architecture, of random weights, for the tests of its contract."""

from importlib import import_module

import keras
import numpy as np
import pytest
from extras import marks_of

from shapeseg.models import ARCHITECTURES
from shapeseg.settings import settings_from_dict

# Small settings for speed, and every switch and loop of each architecture in another position than its default.
VARIANTS = {
    "unet": [{"widths": [4, 6]}, {"widths": [4]}],
    "unet_plus_plus": [
        {"widths": [4, 6, 8], "deep_supervision": True},
        {"widths": [4, 6], "deep_supervision": True},
        {"widths": [2, 3, 4, 5]},
    ],
    "deeplab_v3_plus": [
        {"widths": [4, 6, 8], "pyramid_width": 6, "skip_width": 3},
        {"widths": [4, 6], "dilations": [1], "pyramid_width": 4},
        {"widths": [4, 6, 8, 8], "dilations": [1, 2], "pyramid_width": 4},
    ],
    "segformer": [
        {"widths": [3, 8], "head_width": 4, "decoder_width": 6},
        {"widths": [6]},
        {"widths": [4, 4, 8], "head_width": 4, "depth": 2, "expansion": 1, "decoder_width": 4},
    ],
    "keras_cv_deeplab_v3_plus": [{"widths": [2, 3, 4, 5], "pyramid_width": 6, "skip_width": 3, "blocks": 3, "dilations": [1]}],
}

# How far weights are moved from where they start: a deep residual network is saturated sooner.
SPREAD = {"keras_cv_deeplab_v3_plus": 1 / 32}
VARIANTS_THERE_ARE = [(name, settings) for name in ARCHITECTURES for settings in VARIANTS.get(name, [{}])]
every_variant = pytest.mark.parametrize(
    ("name", "settings"),
    [pytest.param(name, settings, marks=marks_of(name)) for name, settings in VARIANTS_THERE_ARE],
    ids=str,
)


def typed(name, settings):
    return settings_from_dict(import_module(f"shapeseg.models.{name}").Settings, settings)


def build(name, settings):
    return import_module(f"shapeseg.models.{name}").build(typed(name, settings))


def stride_of(name, settings):
    return typed(name, settings).stride


def new_model(name, settings, seed=0):
    """A model whose every weight is random, those that layers start at 0 or 1 too."""
    keras.utils.set_random_seed(seed)
    model = build(name, settings)
    random = np.random.Generator(np.random.PCG64(seed))
    spread = np.float32(SPREAD.get(name, 1 / 8))
    model.set_weights([weight + random.random(weight.shape, np.float32) * spread for weight in model.get_weights()])
    return model


def images(count, height, width):
    return np.random.Generator(np.random.PCG64(5)).integers(0, 256, (count, height, width, 3), np.uint8)


def predict(model, batch):
    return np.asarray(model.predict_on_batch(batch))


def train_forward(model, batch):
    return keras.ops.convert_to_numpy(model(batch, training=True))
