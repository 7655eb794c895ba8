"""DeepLabV3+ as keras-cv builds it, on a residual network of its own: an extra, to compare with, and a way to its backbones.

keras-cv 0.9.0 needs TensorFlow to be there, whatever backend it computes on. Its own head applies softmax to one channel,
so the head is ours; its backbones by name download weights, so the backbone is built from its class. Its layers read Keras's
global image data format, which must be channels_last: the commands see to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from shapeseg.models.checks import MOST_BLOCKS, check_dilations, check_width, check_widths
from shapeseg.settings import check_range


@dataclass(frozen=True)
class Settings:
    """Size of the keras-cv DeepLabV3+."""

    widths: tuple[int, ...] = (8, 16, 24, 32)
    """Narrowest channels of the residual blocks at 1/4, 1/8, 1/16 and 1/32 of the resolution; their output has four times as
    many."""
    blocks: int = 2
    """Residual blocks at each resolution."""
    dilations: tuple[int, ...] = (1, 2, 3)
    """Dilation of each branch of the pyramid, in pixels of the coarsest resolution."""
    pyramid_width: int = 32
    """Channels of each branch of the pyramid, and of the head."""
    skip_width: int = 16
    """Channels to which the features at 1/4 of the resolution are reduced before joining."""

    def __post_init__(self) -> None:
        check_widths(self.widths, fewest=4, most=4, fix="Try 8 16 24 32")
        check_range("blocks", self.blocks, least=2, most=MOST_BLOCKS)
        check_dilations(self.dilations, fix="Try 1 2 3")
        for name in ("pyramid_width", "skip_width"):
            check_width(name, getattr(self, name))

    @property
    def stride(self) -> int:
        """What height and width must be multiples of."""
        return 32


def build(settings: Settings) -> keras.Model:
    """Builds the network.

    Returns:
        A functional model from RGB 0 to 255, (B, H, W, 3), to the probability of rectangle, float32 (B, H, W, 1); H and W are
        multiples of ``settings.stride``.
    """
    import keras_cv  # an extra; the registry has seen to it that it is there

    # === Parts ===
    backbone = keras_cv.models.ResNetV2Backbone(
        stackwise_filters=list(settings.widths),
        stackwise_blocks=[settings.blocks] * 4,
        stackwise_strides=[1, 2, 2, 2],
        include_rescaling=False,
        input_shape=(None, None, 3),
        name="backbone",
    )
    pyramid = keras_cv.layers.SpatialPyramidPooling(
        dilation_rates=list(settings.dilations), num_channels=settings.pyramid_width, name="pyramid"
    )
    head = keras.Sequential(
        [
            layers.Conv2D(settings.pyramid_width, 1, use_bias=False, name="mix"),
            layers.BatchNormalization(name="mix_norm"),
            layers.ReLU(name="mix_relu"),
            layers.UpSampling2D(4, interpolation="bilinear", name="grow"),
            layers.Conv2D(1, 1, name="logits"),
        ],
        name="head",
    )

    # === Network ===
    images = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(images)
    whole = keras_cv.models.DeepLabV3Plus(
        backbone=backbone,
        num_classes=1,
        projection_filters=settings.skip_width,
        spatial_pyramid_pooling=pyramid,
        segmentation_head=head,
    )
    # It also holds the backbone's last normalisation, which nothing asks; a model of its ends holds what is used.
    x = keras.Model(whole.inputs, whole.outputs[0], name="deeplab_v3_plus")(x)  # (B, H, W, 1)
    probabilities = layers.Activation("sigmoid", dtype="float32", name="probability")(x)
    return keras.Model(images, probabilities, name="keras_cv_deeplab_v3_plus")
