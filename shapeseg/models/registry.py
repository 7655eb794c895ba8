"""Architectures by name. Another one is one file here with ``Settings`` and ``build``, and one line in architectures.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from shapeseg.architectures import ARCHITECTURES, check_known
from shapeseg.environment import require_packages
from shapeseg.settings import settings_from_dict

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Architecture:
    """What a network is built from.

    Attributes:
        name: One of ``ARCHITECTURES``.
        settings: Settings of that architecture, complete, as plain JSON types.
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


def check_name(name: str) -> None:
    """Sees to it that an architecture can be built.

    Raises:
        UsageError: If there is none of that name.
        NotInstalledError: If it needs an extra that is not installed.
    """
    check_known(name)
    known = ARCHITECTURES[name]
    require_packages(known.packages, f"--model {name}", install=known.install)


def _module(name: str) -> Any:
    check_known(name)
    return import_module(f"shapeseg.models.{name}")
