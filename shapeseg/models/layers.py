"""Layers whose meaning is Keras's own, arranged so that each backend is fast. Images are channels-last, (B, H, W, C).

Keras's layers on torch copy every image into another memory layout and back, and normalise in many small steps. These layers
hold the same variables on every backend and give the same numbers; on torch they call its kernels on views of the same memory
(:mod:`shapeseg.models.torch_kernels`), elsewhere they are a few lines of ``keras.ops``.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

PACKAGE = "shapeseg"
_ON_TORCH = keras.backend.backend() == "torch"
if _ON_TORCH:
    from shapeseg.models import torch_kernels


@keras.saving.register_keras_serializable(package=PACKAGE)
class ConvBlock(keras.layers.Layer):
    """Convolution without bias, batch normalisation, ReLU: (B, H, W, C) to (B, ceil(H / s), ceil(W / s), filters).

    In inference the normalisation is folded into the convolution's kernel and a bias. What would be layers of their own before
    the convolution can be part of it, because every layer costs Keras a fixed time a call.

    Args:
        filters: Channels of the output.
        kernel_size: Side of the square kernel.
        strides: Step of the kernel; heights and widths must be multiples of it.
        dilation: Distance between the pixels that the kernel sees.
        halve: Begin with the largest of each 2 x 2 pixels.
        momentum: How much of the moving mean and variance a training step keeps.
        epsilon: Added to the variance.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        dilation: int = 1,
        halve: bool = False,
        momentum: float = 0.9,
        epsilon: float = 1e-3,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.dilation = dilation
        self.halve = halve
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the variables."""
        size = self.kernel_size
        self.kernel = self.add_weight(
            name="kernel", shape=(size, size, input_shape[-1], self.filters), initializer="he_normal"
        )
        # Normalisation is computed in float32 at least, whatever the precision of the rest.
        self._wide = "float64" if self.variable_dtype == "float64" else "float32"
        wide = {"shape": (self.filters,), "dtype": self._wide, "autocast": False}
        self.gamma = self.add_weight(name="gamma", initializer="ones", **wide)
        self.beta = self.add_weight(name="beta", initializer="zeros", **wide)
        self.moving_mean = self.add_weight(name="moving_mean", initializer="zeros", trainable=False, **wide)
        self.moving_variance = self.add_weight(name="moving_variance", initializer="ones", trainable=False, **wide)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Computes the block; in training it normalises by the batch and moves the moving mean and variance.

        A block that is frozen (``trainable = False``) computes as in inference, as ``keras.layers.BatchNormalization`` does.
        """
        if self.halve:
            inputs = halved(inputs)
        if not (training and self.trainable):
            scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
            bias = self.beta - self.moving_mean * scale
            kernel = ops.cast(ops.cast(self.kernel, self._wide) * scale, self.compute_dtype)
            return self._convolve(inputs, kernel, ops.cast(bias, self.compute_dtype))
        if _ON_TORCH:
            return torch_kernels.conv_norm_relu(
                inputs,
                self.kernel.value,
                self.gamma.value,
                self.beta.value,
                torch_kernels.Moving(self.moving_mean.value, self.moving_variance.value, self.momentum),
                self.strides,
                self.dilation,
                self.epsilon,
            )
        convolved = ops.cast(self._raw(inputs, self.kernel), self._wide)
        mean, variance = ops.moments(convolved, axes=(0, 1, 2))
        normal = ops.batch_normalization(
            convolved, mean, variance, axis=-1, offset=self.beta, scale=self.gamma, epsilon=self.epsilon
        )
        # What is remembered is the unbiased variance, as torch and TensorFlow do in their fused kernels.
        pixels = ops.cast(ops.prod(ops.shape(convolved)[:3]), self._wide)
        unbiased = variance * pixels / ops.maximum(pixels - 1, 1)
        self.moving_mean.assign(self.momentum * self.moving_mean + (1 - self.momentum) * mean)
        self.moving_variance.assign(self.momentum * self.moving_variance + (1 - self.momentum) * unbiased)
        return ops.cast(ops.relu(normal), self.compute_dtype)

    def _convolve(self, inputs: Any, kernel: Any, bias: Any) -> Any:
        if _ON_TORCH:
            return torch_kernels.conv_relu(inputs, kernel, bias, self.strides, self.dilation)
        return ops.relu(self._raw(inputs, kernel) + bias)

    def _raw(self, inputs: Any, kernel: Any) -> Any:
        return ops.conv(inputs, kernel, self.strides, "same", data_format="channels_last", dilation_rate=self.dilation)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        batch, *sides, _ = input_shape
        step = self.strides * (2 if self.halve else 1)
        return (batch, *(side and -(-side // step) for side in sides), self.filters)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this layer."""
        names = ("filters", "kernel_size", "strides", "dilation", "halve", "momentum", "epsilon")
        return super().get_config() | {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable(package=PACKAGE)
class JoinBlock(ConvBlock):
    """A decoder's step: a coarse image, grown to twice its size, is joined to finer ones, and a ConvBlock follows.

    Takes a list ``[coarse, *finer]``: (B, H, W, C) and any number of (B, 2 H, 2 W, C'), and gives (B, 2 H, 2 W, filters).
    """

    def build(self, input_shape: Any) -> None:
        """Makes the variables."""
        channels = sum(shape[-1] or 0 for shape in input_shape)
        super().build((*input_shape[1][:-1], channels))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Computes the block."""
        coarse, *finer = inputs
        return super().call(ops.concatenate([grown(coarse), *finer], axis=-1), training)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        return super().compute_output_shape(input_shape[1])


@keras.saving.register_keras_serializable(package=PACKAGE)
class GrowSize(keras.layers.Layer):
    """Each pixel repeated: (B, H, W, C) to (B, factor H, factor W, C). Its gradient is deterministic on every backend.

    Args:
        factor: How often a pixel is repeated in each direction.
    """

    def __init__(self, factor: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        """Computes the layer."""
        return grown(inputs, self.factor)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        batch, height, width, channels = input_shape
        return batch, height and height * self.factor, width and width * self.factor, channels

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this layer."""
        return super().get_config() | {"factor": self.factor}


@keras.saving.register_keras_serializable(package=PACKAGE)
class PixelHead(keras.layers.Layer):
    """Each coarse pixel answers for its own finer ones: (B, H, W, C) to probabilities, float32 (B, factor H, factor W, 1).

    Args:
        factor: Height and width of the block of pixels that a coarse one answers for.
    """

    def __init__(self, factor: int, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the variables."""
        answers = self.factor**2
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], answers), initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(answers,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Computes the layer."""
        logits = ops.matmul(inputs, self.kernel) + self.bias  # (B, H, W, factor^2)
        if self.factor > 1:
            logits = ops.depth_to_space(logits, self.factor, data_format="channels_last")
        return ops.sigmoid(ops.cast(logits, "float32"))

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        """Returns shape and dtype of the output."""
        batch, height, width, _ = inputs.shape
        sides = (side and side * self.factor for side in (height, width))
        return keras.KerasTensor((batch, *sides, 1), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this layer."""
        return super().get_config() | {"factor": self.factor}


def halved(images: Any) -> Any:
    """Returns the largest of each 2 x 2 pixels: (B, H, W, C) to (B, H / 2, W / 2, C)."""
    return torch_kernels.max_pool(images) if _ON_TORCH else ops.max_pool(images, 2, 2, data_format="channels_last")


def grown(images: Any, factor: int = 2) -> Any:
    """Returns each pixel repeated in both directions: (B, H, W, C) to (B, factor H, factor W, C)."""
    if _ON_TORCH:
        return torch_kernels.repeat_pixels(images, factor)
    return ops.repeat(ops.repeat(images, factor, axis=1), factor, axis=2)
