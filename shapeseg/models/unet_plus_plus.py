"""U-Net++: a U-Net whose skip connections are small decoders of their own, so that what is joined is alike in depth.

After Zhou, Siddiquee, Tajbakhsh and Liang, "UNet++: A Nested U-Net Architecture for Medical Image Segmentation" (2018). A
plain U-Net joins the encoder's early features with the decoder's late ones; here the features of each level pass through
columns of further blocks, each of which sees all earlier columns of its level and the column before of the next coarser one:

    level 0   encoder - column 1 - column 2 - column 3
    level 1       encoder - column 1 - column 2
    level 2           encoder - column 1
    level 3               encoder

Each column of the finest level is the end of a complete, ever deeper U-Net. With deep supervision each of them answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from shapeseg.models.checks import check_widths
from shapeseg.models.layers import ConvBlock, JoinBlock, PixelHead


@dataclass(frozen=True)
class Settings:
    """Size of the U-Net++."""

    widths: tuple[int, ...] = (8, 16, 32, 48)
    """Channels of each level, from the finest (half resolution) to the coarsest; two levels or more."""
    deep_supervision: bool = False
    """Let every column of the finest level predict: logits are the sum of their outputs, through which the loss reaches
    the shallow U-Nets directly. Otherwise only the last column predicts."""

    def __post_init__(self) -> None:
        check_widths(self.widths, fewest=2, fix="Try 8 16 32 48")

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
    # === Encoder: column 0 of the grid ===
    images = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(images)
    x = ConvBlock(settings.widths[0], kernel_size=6, strides=2, name="block0_0")(x)
    grid = [[x]]  # grid[level][column]: (B, H / 2^(level + 1), W / 2^(level + 1), widths[level])
    for level, width in enumerate(settings.widths[1:], start=1):
        x = ConvBlock(width, halve=True, name=f"block{level}_0")(x)
        grid.append([x])

    # === Decoder: each further column joins all earlier ones of its level and the one before of the coarser level ===
    for column in range(1, len(grid)):
        for level in range(len(grid) - column):
            joined = [grid[level + 1][column - 1], *grid[level]]
            grid[level].append(JoinBlock(settings.widths[level], name=f"block{level}_{column}")(joined))

    # === Head: each half-resolution pixel answers for its four pixels ===
    x = layers.Concatenate(axis=-1, name="columns")(grid[0][1:]) if settings.deep_supervision else grid[0][-1]
    probabilities = PixelHead(2, name="probability")(x)
    return keras.Model(images, probabilities, name="unet_plus_plus")
