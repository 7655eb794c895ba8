"""DeepLabV3+: context from convolutions with holes at several distances, borders from an early skip connection.

After Chen, Zhu, Papandreou, Schroff and Adam, "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
Segmentation" (2018). The backbone is a few strided convolutions, and all convolutions are plain rather than separable: they
are small either way. In the paper the image's mean is one more branch of the pyramid, joined to the others by a convolution;
here it is projected by itself and added to what that convolution gives, so that it needs no copy for every pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from shapeseg.models.checks import check_dilations, check_width, check_widths
from shapeseg.models.layers import ConvBlock, GrowSize, PixelHead


@dataclass(frozen=True)
class Settings:
    """Size of the DeepLabV3+."""

    widths: tuple[int, ...] = (16, 32, 48)
    """Channels of the backbone at 1/2, 1/4, 1/8 ... of the resolution; two levels or more."""
    dilations: tuple[int, ...] = (2, 4, 6)
    """Dilation of each branch of the pyramid, in pixels of the coarsest level."""
    pyramid_width: int = 32
    """Channels of each branch of the pyramid, and of the decoder."""
    skip_width: int = 16
    """Channels to which the early features, those at 1/4 of the resolution, are reduced before joining."""

    def __post_init__(self) -> None:
        check_widths(self.widths, fewest=2, fix="Try 16 32 48")
        check_dilations(self.dilations, fix="Try 2 4 6")
        for name in ("pyramid_width", "skip_width"):
            check_width(name, getattr(self, name))

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
    levels = []
    for level, width in enumerate(settings.widths):
        x = ConvBlock(width, kernel_size=6 if level == 0 else 3, strides=2, name=f"down{level}")(x)
        levels.append(x)  # (B, H / 2^(level + 1), W / 2^(level + 1), width)

    # === Pyramid: the same features seen from near to far, and the mean of the whole image ===
    width = settings.pyramid_width
    branches = [ConvBlock(width, kernel_size=1, name="near")(x)]
    for dilation in settings.dilations:
        branches.append(ConvBlock(width, dilation=dilation, name=f"atrous{dilation}")(x))
    mean = layers.GlobalAveragePooling2D(data_format="channels_last", keepdims=True, name="mean")(x)  # (B, 1, 1, C)
    mean = layers.Dense(width, name="mean_project")(mean)  # (B, 1, 1, width)
    x = layers.Concatenate(axis=-1, name="pyramid")(branches)
    x = ConvBlock(width, kernel_size=1, name="pyramid_project")(x)
    x = layers.Add(name="pyramid_mean")([x, mean])  # (B, H / 2^levels, W / 2^levels, width)

    # === Decoder ===
    if len(levels) > 2:
        x = GrowSize(2 ** (len(levels) - 2), name="grow")(x)
    skip = ConvBlock(settings.skip_width, kernel_size=1, name="skip_project")(levels[1])
    x = layers.Concatenate(axis=-1, name="join")([x, skip])  # (B, H / 4, W / 4, width + skip_width)
    x = ConvBlock(width, name="refine0")(x)
    x = ConvBlock(width, name="refine1")(x)

    # === Head: each quarter-resolution pixel answers for its sixteen pixels ===
    probabilities = PixelHead(4, name="probability")(x)
    return keras.Model(images, probabilities, name="deeplab_v3_plus")
