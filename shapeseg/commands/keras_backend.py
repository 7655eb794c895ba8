"""Keras made ready: the backend that ``KERAS_BACKEND`` names, checked before the slow import."""

from __future__ import annotations

import os
from importlib.util import find_spec

from shapeseg.errors import UsageError

BACKENDS = ("torch", "jax", "tensorflow")


def prepare_keras() -> None:
    """Imports keras with settings that a user's ``keras.json`` cannot change.

    Raises:
        UsageError: If the backend is unknown or not installed.
    """
    name = os.environ.get("KERAS_BACKEND", "")
    if name not in BACKENDS:
        raise UsageError(
            "KERAS_BACKEND names no backend that shapeseg runs on",
            received=name or "nothing",
            fix=f"Use one of {', '.join(BACKENDS)}",
        )
    if find_spec(name) is None:
        raise UsageError("the backend is not installed", received=f"KERAS_BACKEND={name}", fix=f"Run: pip install {name}")

    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
