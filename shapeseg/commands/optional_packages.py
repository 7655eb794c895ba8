"""Packages that only some options need, and that the default install leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from shapeseg.errors import InputError


def require_packages(packages: Sequence[str], wanted_by: str) -> None:
    """Raises an InputError that says what to install when any of them is missing."""
    if missing := [package for package in packages if find_spec(package) is None]:
        raise InputError(
            f"{wanted_by} needs packages that are not installed",
            received=f"no {', no '.join(missing)}",
            fix=f"Run: pip install {' '.join(missing)}",
        )
