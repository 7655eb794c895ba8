"""A compact U-Net: an encoder that halves the resolution level by level, a decoder that joins each level back.

After Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015), with batch
normalisation, one convolution a level, and a strided convolution instead of a first level at full resolution: flat shapes need
few features, and most of a U-Net's time goes into its full resolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from shapeseg.models.checks import check_widths
from shapeseg.models.layers import ConvBlock, JoinBlock, PixelHead


@dataclass(frozen=True)
class Settings:
    """Size of the U-Net."""

    widths: tuple[int, ...] = (16, 16, 32, 48)
    """Channels of each level, from the finest (half resolution) to the coarsest."""

    def __post_init__(self) -> None:
        check_widths(self.widths, fix="Try 16 16 32 48")

    @property
    def stride(self) -> int:
        """What height and width must be multiples of."""
        return 2 ** len(self.widths)


def build(settings: Settings) -> keras.Model:
    """Builds the network.

    Returns:
        A functional model from RGB 0 to 255, (B, H, W, 3), to the probability of rectangle, float32 (B, H, W, 1); H and W are
        multiples of ``settings.stride``.
    """
    # === Encoder ===
    images = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(images)
    # 6x6 with stride 2 sees as far as 2x2 space-to-depth followed by 3x3.
    x = ConvBlock(settings.widths[0], kernel_size=6, strides=2, name="down0")(x)
    levels = [x]  # (B, H / 2^(level + 1), W / 2^(level + 1), width)
    for level, width in enumerate(settings.widths[1:], start=1):
        x = ConvBlock(width, halve=True, name=f"down{level}")(x)
        levels.append(x)

    # === Decoder ===
    for level in reversed(range(len(settings.widths) - 1)):
        x = JoinBlock(settings.widths[level], name=f"up{level}")([x, levels[level]])

    # === Head: each half-resolution pixel answers for its four pixels ===
    probabilities = PixelHead(2, name="probability")(x)
    return keras.Model(images, probabilities, name="unet")
