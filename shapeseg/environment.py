"""What a command finds around it: the Keras backend, the device, and packages that only some options need."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from typing import Literal

from shapeseg.errors import NotInstalledError, ResourcesError, UsageError

BACKENDS = ("torch", "jax", "tensorflow")
Device = Literal["auto", "cpu", "cuda", "mps"]

START_MEMORY = 384 * 2**20
"""Bytes of address space without which no command starts."""

_KERAS_MEMORY = 1536 * 2**20


def require_memory(least: int) -> None:
    """Raises a ResourcesError when this process may have less than ``least`` bytes of address space.

    Libraries that find too little of it while they are imported may end the process silently, or wait forever.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if 0 <= limit < least:
        raise ResourcesError("out of memory", received=f"a limit of {limit >> 20:,} MiB", fix="Allow 2,048 MiB or more")


def require_packages(packages: Sequence[str], wanted_by: str, *, install: str | None = None) -> None:
    """Raises a NotInstalledError that says what to install when any of some packages is missing; nothing is imported.

    Args:
        packages: As they are imported.
        wanted_by: The option or setting that needs them.
        install: The command that installs them; by default ``pip install`` and what is missing.
    """
    if missing := missing_packages(packages):
        raise NotInstalledError(
            f"{wanted_by} needs packages that are not installed",
            received=f"no {', no '.join(missing)}",
            fix=f"Run: {install or ' '.join(['pip install', *missing])}",
        )


def missing_packages(packages: Sequence[str]) -> list[str]:
    """Returns those of some packages that are not installed; nothing is imported."""
    return [package for package in packages if find_spec(package) is None]


def prepare_keras(*, device: Device = "auto") -> None:
    """Imports keras with settings that a user's ``keras.json`` cannot change.

    Args:
        device: Where torch computes; auto takes a GPU where there is one.

    Raises:
        UsageError: If the backend is unknown or the device not there.
        NotInstalledError: If the backend is not installed.
        ResourcesError: If there is too little memory to import it.
    """
    require_memory(_KERAS_MEMORY)
    name = os.environ.get("KERAS_BACKEND", "")
    if name not in BACKENDS:
        fix = f"Use one of {', '.join(BACKENDS)}"
        raise UsageError("KERAS_BACKEND names no backend that shapeseg runs on", received=name or "nothing", fix=fix)
    require_packages([name], f"KERAS_BACKEND={name}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes about the processor are no errors
    if device != "auto":
        _choose_device(name, device)

    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_max_epochs(None)  # KERAS_MAX_EPOCHS would cut a training short without a word
    keras.config.set_max_steps_per_epoch(None)


@contextmanager
def computing_in(precision: str = "float32", *, deterministic: bool = False) -> Iterator[None]:
    """Lets what is built in the block compute in a precision; after it, the person's own settings hold again.

    Args:
        precision: What most is computed in; weights are float32 whatever this is.
        deterministic: On torch, refuse kernels whose results differ from run to run.
    """
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
    try:
        with _deterministic() if deterministic and keras.backend.backend() == "torch" else nullcontext():
            yield
    finally:
        keras.config.set_dtype_policy(policy)


@contextmanager
def _deterministic() -> Iterator[None]:
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def _choose_device(backend: str, device: Device) -> None:
    if backend != "torch":
        raise UsageError("--device is for torch", received=f"KERAS_BACKEND={backend}", fix="Leave it out")
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[device]:
        raise UsageError("there is no such device", received=f"device={device}", fix="Use auto or cpu")
    os.environ["KERAS_TORCH_DEVICE"] = device
