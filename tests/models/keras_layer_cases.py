"""Keras's own checks of a layer on each of ours, on the backend that KERAS_BACKEND names; also as a script."""

from __future__ import annotations

import keras
import numpy as np
from keras.src.testing import TestCase

from shapeseg.models.layers import ConvBlock, GrowSize, JoinBlock, PixelHead
from shapeseg.models.reduced_attention import ReducedAttention

NORMALISED = {"expected_num_trainable_weights": 3, "expected_num_non_trainable_weights": 2}
CASES = {
    "conv": (ConvBlock, {"filters": 3}, (2, 8, 6, 4), (2, 8, 6, 3), NORMALISED),
    "conv, strides": (ConvBlock, {"filters": 3, "strides": 2, "kernel_size": 5}, (2, 8, 6, 4), (2, 4, 3, 3), NORMALISED),
    "conv, dilation": (ConvBlock, {"filters": 3, "dilation": 2}, (2, 8, 6, 4), (2, 8, 6, 3), NORMALISED),
    "conv, halved": (ConvBlock, {"filters": 3, "halve": True}, (2, 8, 6, 4), (2, 4, 3, 3), NORMALISED),
    "join": (JoinBlock, {"filters": 3}, [(2, 4, 3, 4), (2, 8, 6, 2), (2, 8, 6, 1)], (2, 8, 6, 3), NORMALISED),
    "grow": (GrowSize, {"factor": 3}, (2, 4, 3, 2), (2, 12, 9, 2), {}),
    "head": (PixelHead, {"factor": 2}, (2, 4, 3, 5), (2, 8, 6, 1), {"expected_num_trainable_weights": 2}),
    "head alone": (PixelHead, {"factor": 1}, (2, 4, 3, 5), (2, 4, 3, 1), {"expected_num_trainable_weights": 2}),
    "attention": (ReducedAttention, {"head_width": 4}, (2, 4, 6, 8), (2, 4, 6, 8), {"expected_num_trainable_weights": 5}),
    "attention, reduced": (
        ReducedAttention,
        {"head_width": 4, "reduction": 2},
        (2, 4, 6, 8),
        (2, 4, 6, 8),
        {"expected_num_trainable_weights": 9},
    ),
}
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float64")


def check_by_keras(name):
    """Config, variables, shapes, dtypes, symbolic and eager calls, mixed precision, and training, as Keras checks its own."""
    layer, settings, shape, output, expected = CASES[name]
    TestCase().run_layer_test(
        layer, settings, input_shape=shape, expected_output_shape=output, supports_masking=False, **expected
    )


def images_of(shape, dtype="float32"):
    random = np.random.Generator(np.random.PCG64(1))
    if isinstance(shape, list):
        return [random.random(each).astype(dtype) for each in shape]
    return random.random(shape).astype(dtype)


def check_policy(name, policy):
    """A policy given is obeyed as Keras's own layers obey it: variables, what is computed, what comes out."""
    layer, settings, shape, _, _ = CASES[name]
    built = layer(**settings, dtype=policy)
    plain = keras.layers.Conv2D(1, 1, dtype=policy)
    assert (built.compute_dtype, built.variable_dtype) == (plain.compute_dtype, plain.variable_dtype)
    for training in ({}, {"training": True}) if isinstance(built, ConvBlock) else ({},):
        given = built(images_of(shape), **training)
        wanted = "float32" if layer is PixelHead else plain.compute_dtype
        assert keras.backend.standardize_dtype(given.dtype) == wanted, (name, policy, given.dtype)
        assert np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(given, "float32"))).all()
    for variable in built.variables:  # normalisation has float32 at least
        wide = variable.name in ("gamma", "beta", "moving_mean", "moving_variance") and isinstance(built, ConvBlock)
        wanted = "float32" if wide and policy != "float64" else plain.variable_dtype
        assert variable.dtype == wanted, (name, policy, variable.path)


def check_frozen(name):
    """What is not trainable moves by nothing, in training too, and gives what it gives in inference."""
    layer, settings, shape, _, _ = CASES[name]
    built = layer(**settings)
    images = images_of(shape)
    built(images)
    before = [keras.ops.convert_to_numpy(variable).copy() for variable in built.variables]
    options = {"training": True} if isinstance(built, ConvBlock) else {}
    built.trainable = False
    frozen, inference = built(images, **options), built(images)
    assert np.allclose(*map(keras.ops.convert_to_numpy, (frozen, inference)), atol=1e-6)
    for variable, value in zip(built.variables, before, strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(variable), value), variable.path
    if isinstance(built, ConvBlock):
        built.trainable = True
        built(images, training=True)
        moved = {
            variable.name
            for variable, value in zip(built.variables, before, strict=True)
            if not np.array_equal(keras.ops.convert_to_numpy(variable), value)
        }
        assert moved == {"moving_mean", "moving_variance"}


def check_everything():
    for name in CASES:
        check_by_keras(name)
        check_frozen(name)
        for policy in POLICIES:
            if policy != "float64" or keras.backend.backend() != "jax":  # which has no float64 by default
                check_policy(name, policy)


if __name__ == "__main__":
    check_everything()
    raise SystemExit(f"as Keras asks, on {keras.backend.backend()}")
