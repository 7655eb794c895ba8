"""The architectures that there are, known without Keras; each is built by the file of its name in ``shapeseg.models``."""

from __future__ import annotations

from typing import NamedTuple

from shapeseg.environment import missing_packages
from shapeseg.errors import UsageError
from shapeseg.value_types import suggestion


class Known(NamedTuple):
    """What is known of an architecture at its default settings.

    Attributes:
        purpose: What it is.
        parameters: How many it has; None where only its extra knows.
        stride: What height and width must be multiples of.
        packages: What it needs in addition to the default install, as imported.
        install: How to get those.
    """

    purpose: str
    parameters: int | None
    stride: int
    packages: tuple[str, ...] = ()
    install: str | None = None


ARCHITECTURES = {
    "unet": Known("compact U-Net, the default", 57_796, 16),
    "unet_plus_plus": Known("U-Net whose skips are nested decoders", 67_332, 16),
    "deeplab_v3_plus": Known("atrous pyramid with an early skip", 94_256, 8),
    "segformer": Known("small transformer with an all-MLP decoder", 242_480, 16),
    "keras_cv_deeplab_v3_plus": Known(
        "DeepLabV3+ from keras-cv, an extra",
        None,
        32,
        ("keras_cv", "tensorflow"),
        "pip install keras-cv==0.9.0 tensorflow-cpu==2.20.0",
    ),
}


def check_known(name: str) -> None:
    """Raises a UsageError unless there is an architecture of that name."""
    if name not in ARCHITECTURES:
        raise UsageError("there is no such model", received=name, fix=suggestion(name, [*ARCHITECTURES]))


def missing_extra(name: str) -> str | None:
    """Returns the command that installs what an architecture needs and is not there; None when nothing is missing."""
    known = ARCHITECTURES[name]
    return known.install if missing_packages(known.packages) else None
