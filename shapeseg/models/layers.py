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

    In inference the normalisation is folded into the convolution's kernel and a bias.

    Args:
        filters: Channels of the output.
        kernel_size: Side of the square kernel.
        strides: Step of the kernel; heights and widths must be multiples of it.
        dilation: Distance between the pixels that the kernel sees.
        momentum: How much of the moving mean and variance a training step keeps.
        epsilon: Added to the variance.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        dilation: int = 1,
        momentum: float = 0.9,
        epsilon: float = 1e-3,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.dilation = dilation
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the variables."""
        size = self.kernel_size
        self.kernel = self.add_weight(
            name="kernel", shape=(size, size, input_shape[-1], self.filters), initializer="he_normal"
        )
        # Normalisation is computed in float32 whatever the precision of the rest.
        wide = {"shape": (self.filters,), "dtype": "float32", "autocast": False}
        self.gamma = self.add_weight(name="gamma", initializer="ones", **wide)
        self.beta = self.add_weight(name="beta", initializer="zeros", **wide)
        self.moving_mean = self.add_weight(name="moving_mean", initializer="zeros", trainable=False, **wide)
        self.moving_variance = self.add_weight(name="moving_variance", initializer="ones", trainable=False, **wide)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Computes the block; in training it normalises by the batch and moves the moving mean and variance."""
        if not training:
            scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
            bias = self.beta - self.moving_mean * scale
            kernel = ops.cast(ops.cast(self.kernel, "float32") * scale, self.compute_dtype)
            return self._convolve(inputs, kernel, ops.cast(bias, self.compute_dtype))
        if _ON_TORCH:
            outputs, mean, variance = torch_kernels.conv_norm_relu(
                inputs,
                ops.convert_to_tensor(self.kernel),
                self.gamma.value,
                self.beta.value,
                self.strides,
                self.dilation,
                self.epsilon,
            )
        else:
            convolved = ops.cast(self._raw(inputs, self.kernel), "float32")
            mean, variance = ops.moments(convolved, axes=(0, 1, 2))
            normal = ops.batch_normalization(
                convolved, mean, variance, axis=-1, offset=self.beta, scale=self.gamma, epsilon=self.epsilon
            )
            outputs = ops.cast(ops.relu(normal), self.compute_dtype)
        self.moving_mean.assign(self.momentum * self.moving_mean + (1 - self.momentum) * mean)
        self.moving_variance.assign(self.momentum * self.moving_variance + (1 - self.momentum) * variance)
        return outputs

    def _convolve(self, inputs: Any, kernel: Any, bias: Any) -> Any:
        if _ON_TORCH:
            return torch_kernels.conv_relu(inputs, kernel, bias, self.strides, self.dilation)
        return ops.relu(self._raw(inputs, kernel) + bias)

    def _raw(self, inputs: Any, kernel: Any) -> Any:
        return ops.conv(inputs, kernel, self.strides, "same", data_format="channels_last", dilation_rate=self.dilation)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        batch, *sides, _ = input_shape
        return (batch, *(side and -(-side // self.strides) for side in sides), self.filters)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this layer."""
        names = ("filters", "kernel_size", "strides", "dilation", "momentum", "epsilon")
        return super().get_config() | {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable(package=PACKAGE)
class HalveSize(keras.layers.Layer):
    """The largest of each 2 x 2 pixels: (B, H, W, C) to (B, H / 2, W / 2, C)."""

    def call(self, inputs: Any) -> Any:
        """Computes the layer."""
        if _ON_TORCH:
            return torch_kernels.max_pool(inputs)
        return ops.max_pool(inputs, 2, 2, data_format="channels_last")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        batch, height, width, channels = input_shape
        return batch, height and height // 2, width and width // 2, channels


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
        if _ON_TORCH:
            return torch_kernels.repeat_pixels(inputs, self.factor)
        return ops.repeat(ops.repeat(inputs, self.factor, axis=1), self.factor, axis=2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        batch, height, width, channels = input_shape
        return batch, height and height * self.factor, width and width * self.factor, channels

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this layer."""
        return super().get_config() | {"factor": self.factor}
