"""Attention whose keys and values come from a smaller copy of the image, so that fine resolutions stay affordable."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from shapeseg.errors import UsageError
from shapeseg.models.layers import PACKAGE


@keras.saving.register_keras_serializable(package=PACKAGE)
class ReducedAttention(layers.Layer):
    """Self-attention of all pixels, in several heads: (B, H, W, C) to the same shape.

    Every pixel asks; patches of ``reduction`` x ``reduction`` pixels, merged by a convolution, answer. Queries, keys and
    values have no bias: that of a key would have no effect, and that of a value the same as the output's.

    Args:
        head_width: Channels of a head; C is a multiple of it.
        reduction: Side of the patches; H and W are multiples of it.
    """

    def __init__(self, head_width: int, reduction: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.head_width = head_width
        self.reduction = reduction

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the layers that it is made of."""
        channels = input_shape[-1]
        if channels is None or channels % self.head_width:
            raise UsageError(
                "channels must be a multiple of head_width",
                received=f"channels={channels}, head_width={self.head_width}",
                fix="Change either",
            )
        step = self.reduction
        options = {"dtype": self.dtype_policy}
        if step > 1:
            self.reduce = layers.Conv2D(channels, step, strides=step, data_format="channels_last", name="reduce", **options)
            self.reduce.build(input_shape)
            self.reduce_norm = layers.LayerNormalization(axis=-1, epsilon=1e-5, name="reduce_norm", **options)
            self.reduce_norm.build(input_shape)
        for name in ("query", "key", "value", "output_project"):
            layer = layers.Dense(channels, use_bias=name == "output_project", name=name, **options)
            layer.build(input_shape)
            setattr(self, name, layer)

    def call(self, inputs: Any) -> Any:
        """Computes the layer."""
        source = self.reduce_norm(self.reduce(inputs)) if self.reduction > 1 else inputs  # (B, H / r, W / r, C)
        attended = ops.dot_product_attention(
            self._heads(self.query(inputs)), self._heads(self.key(source)), self._heads(self.value(source))
        )  # (B, H W, heads, head_width)
        return self.output_project(ops.reshape(attended, ops.shape(inputs)))

    def _heads(self, pixels: Any) -> Any:
        """Shapes (B, H, W, C) into (B, H W, heads, head_width)."""
        batch, height, width, channels = ops.shape(pixels)
        return ops.reshape(pixels, (batch, height * width, channels // self.head_width, self.head_width))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this layer."""
        return super().get_config() | {"head_width": self.head_width, "reduction": self.reduction}
