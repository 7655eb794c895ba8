"""Architectures by name. Another one is one file with ``Settings`` and ``build``, and one name here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from shapeseg.environment import missing_packages, require_packages
from shapeseg.errors import UsageError
from shapeseg.settings import settings_from_dict

if TYPE_CHECKING:
    import keras

ARCHITECTURES = {
    "unet": "compact U-Net, the default",
    "unet_plus_plus": "U-Net whose skips are nested decoders",
    "deeplab_v3_plus": "atrous pyramid with an early skip",
    "segformer": "small transformer with an all-MLP decoder",
    "keras_cv_deeplab_v3_plus": "DeepLabV3+ of keras-cv, an extra",
}
# What an architecture needs beside the default install: modules, and how to get them.
EXTRAS = {
    "keras_cv_deeplab_v3_plus": (("keras_cv", "tensorflow"), "pip install keras-cv==0.9.0 tensorflow-cpu==2.20.0"),
}


@dataclass(frozen=True)
class Architecture:
    """What a network is built from.

    Attributes:
        name: One of ``ARCHITECTURES``.
        settings: Of that architecture, complete, as plain JSON types.
    """

    name: str = "unet"
    settings: dict[str, Any] = field(default_factory=dict)

    def typed_settings(self) -> Any:
        """Returns the architecture's own settings object, defaults filled in.

        Raises:
            UsageError: If the name or a setting is unknown or out of range.
        """
        return settings_from_dict(_module(self.name).Settings, self.settings)

    @property
    def stride(self) -> int:
        """What image height and width must be multiples of."""
        return self.typed_settings().stride


def build(name: str, settings: Mapping[str, Any] | None = None) -> keras.Model:
    """Builds an untrained network: RGB 0 to 255, (B, H, W, 3), to the probability of rectangle, float32 (B, H, W, 1).

    Raises:
        UsageError: If the name or a setting is unknown or out of range.
        NotInstalledError: If it needs an extra that is not installed.
    """
    check_name(name)
    return _module(name).build(Architecture(name, dict(settings or {})).typed_settings())


def missing_extra(name: str) -> str | None:
    """Returns the command that installs what an architecture needs and is not there; None when nothing is missing."""
    modules, install = EXTRAS.get(name, ((), ""))
    return install if missing_packages(modules) else None


def check_name(name: str) -> None:
    """Sees to it that an architecture can be built.

    Raises:
        UsageError: If there is none of that name.
        NotInstalledError: If it needs an extra that is not installed.
    """
    _module(name)
    modules, install = EXTRAS.get(name, ((), None))
    require_packages(modules, f"--model {name}", install=install)


def _module(name: str) -> Any:
    if name not in ARCHITECTURES:
        raise UsageError("there is no such model", received=name, fix=f"Use one of {', '.join(ARCHITECTURES)}")
    return import_module(f"shapeseg.models.{name}")
