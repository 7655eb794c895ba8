"""SegFormer: a transformer in ever coarser stages, and a decoder that only mixes channels.

After Xie, Wang, Yu, Anandkumar, Alvarez and Luo, "SegFormer: Simple and Efficient Design for Semantic Segmentation with
Transformers" (2021). Patches overlap, and a 3x3 convolution inside each feed-forward part tells a token what its neighbours
are, so that no position is ever encoded and any image size will do. This one is much smaller than the paper's smallest, and
has no dropout.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from shapeseg.errors import UsageError
from shapeseg.models.checks import MOST_BLOCKS, MOST_EXPANSION, check_width, check_widths
from shapeseg.models.layers import ConvBlock, GrowSize, PixelHead
from shapeseg.models.reduced_attention import ReducedAttention
from shapeseg.settings import check_range


@dataclass(frozen=True)
class Settings:
    """Size of the SegFormer."""

    widths: tuple[int, ...] = (32, 64, 96)
    """Channels of each stage, at 1/4, 1/8, 1/16 ... of the resolution."""
    depth: int = 1
    """Transformer blocks of each stage."""
    head_width: int = 32
    """Channels per attention head: a stage of at most this width has one head, a wider one must be a multiple of it."""
    expansion: int = 2
    """How many times wider the feed-forward part is inside."""
    decoder_width: int = 32
    """Channels to which the decoder projects every stage."""

    def __post_init__(self) -> None:
        check_widths(self.widths, fix="Try 32 64 96")
        check_range("depth", self.depth, least=1, most=MOST_BLOCKS)
        check_range("expansion", self.expansion, least=1, most=MOST_EXPANSION)
        for name in ("head_width", "decoder_width"):
            check_width(name, getattr(self, name))
        uneven = [width for width in self.widths if width > self.head_width and width % self.head_width]
        if uneven:
            raise UsageError(
                f"widths above head_width={self.head_width} must be multiples of it",
                received=f"widths={self.widths}",
                fix=f"Use {-(-uneven[0] // self.head_width) * self.head_width} instead of {uneven[0]}",
            )

    @property
    def stride(self) -> int:
        """What height and width must be multiples of."""
        return 2 ** (len(self.widths) + 1)


def build(settings: Settings) -> keras.Model:
    """Builds the network.

    Returns:
        A functional model from RGB 0 to 255, (B, H, W, 3), to the probability of rectangle, float32 (B, H, W, 1); H and W are
        multiples of ``settings.stride``.
    """
    # === Encoder ===
    images = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(images)
    stages = []
    for stage, width in enumerate(settings.widths):
        x = _embed_patches(x, width, stage)
        reduction = 2 ** (len(settings.widths) - 1 - stage)  # keys and values are always at the coarsest resolution
        for block in range(settings.depth):
            x = _transformer_block(x, settings, reduction, f"stage{stage}_block{block}")
        x = _normalise(x, f"stage{stage}_norm")
        stages.append(x)  # (B, H / 2^(stage + 2), W / 2^(stage + 2), width)

    # === Decoder: every stage brought to the same channels and the finest stage's resolution ===
    brought = []
    for stage, x in enumerate(stages):
        x = layers.Dense(settings.decoder_width, name=f"bring{stage}")(x)
        brought.append(GrowSize(2**stage, name=f"grow{stage}")(x) if stage else x)
    x = layers.Concatenate(axis=-1, name="join")(brought)  # (B, H / 4, W / 4, stages * decoder_width)
    x = ConvBlock(settings.decoder_width, kernel_size=1, name="mix")(x)

    # === Head: each quarter-resolution pixel answers for its sixteen pixels ===
    probabilities = PixelHead(4, name="probability")(x)
    return keras.Model(images, probabilities, name="segformer")


def _embed_patches(x: keras.KerasTensor, width: int, stage: int) -> keras.KerasTensor:
    """Makes tokens of patches that overlap: 7x7 every 4 pixels at first, then 3x3 every 2."""
    size, step = (7, 4) if stage == 0 else (3, 2)
    x = layers.Conv2D(width, size, strides=step, padding="same", data_format="channels_last", name=f"stage{stage}_patches")(x)
    return _normalise(x, f"stage{stage}_patches_norm")


def _transformer_block(x: keras.KerasTensor, settings: Settings, reduction: int, name: str) -> keras.KerasTensor:
    """Attention, then a feed-forward part with a 3x3 convolution in it, each added to what went in: shapes stay."""
    width = x.shape[-1]
    head_width = min(settings.head_width, width)
    attended = ReducedAttention(head_width, reduction, name=f"{name}_attention")(_normalise(x, f"{name}_norm0"))
    x = layers.Add(name=f"{name}_add0")([x, attended])
    mixed = layers.Dense(settings.expansion * width, name=f"{name}_widen")(_normalise(x, f"{name}_norm1"))
    mixed = layers.DepthwiseConv2D(3, padding="same", data_format="channels_last", name=f"{name}_mix")(mixed)
    mixed = layers.Activation("gelu", name=f"{name}_gelu")(mixed)
    mixed = layers.Dense(width, name=f"{name}_narrow")(mixed)
    return layers.Add(name=f"{name}_add1")([x, mixed])


def _normalise(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.LayerNormalization(axis=-1, epsilon=1e-5, name=name)(x)
