"""Saving a model so that a crash never costs the one before, and loading one without running anything it says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np

from shapeseg import files
from shapeseg.errors import InputError, ModelRefusedError, StorageError, UsageError
from shapeseg.models.card import Card, card_path, file_digest, read_card
from shapeseg.models.golden import golden_output
from shapeseg.models.registry import build

_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}


def save_model(model: keras.Model, path: Path, card: Card) -> Card:
    """Saves the weights of ``model`` as a clean ``.keras`` file (no optimiser, no compile settings) with its card.

    The file is written beside its target, reopened and compared; then the card is written, naming the new digest and the one
    it replaces; then the file is renamed into place. A kill at any moment leaves a model that the card beside it knows.

    Args:
        model: Built from ``card.architecture``.
        path: Ends in ``.keras``.
        card: What to say of it; its digests and its golden output are filled in.

    Returns:
        The card as written.
    """
    weights = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    with _float32():
        clean = build(card.architecture.name, card.architecture.settings)
        saved = build(card.architecture.name, card.architecture.settings)
    clean.set_weights(weights)
    written = card

    def write(temporary: Path) -> None:
        nonlocal written
        clean.save(temporary)
        saved.load_weights(temporary)
        reread = (keras.ops.convert_to_numpy(weight) for weight in saved.weights)
        if not all(np.array_equal(one, other, equal_nan=True) for one, other in zip(weights, reread, strict=True)):
            raise StorageError("the saved model differs from the one in memory", received=path, fix="Check the disk")
        previous = file_digest(path) if path.exists() else None
        golden = golden_output(saved, stride=card.architecture.stride)
        written = replace(card, sha256=file_digest(temporary), previous_sha256=previous, golden=golden)
        written.write(path)

    files.replace_with(path, write)
    return written


def load_model(path: str | Path, *, trust: bool = False) -> keras.Model:
    """Loads a saved model: RGB 0 to 255, (N, H, W, 3), to the probability of rectangle, float32 (N, H, W, 1).

    A model made by shapeseg is rebuilt from the settings in its card, and only its weights are read from the file, so that
    nothing in the file is ever run. That the card names the file's digest proves that it is whole, not who made it.

    Args:
        path: A ``.keras`` file.
        trust: Load a model that has no card, or another digest, with plain Keras in its safe mode.

    Raises:
        InputError: If there is no such file.
        ModelRefusedError: If it is no model, or not one that its card knows.
    """
    path = Path(path)
    if not path.exists():
        raise InputError("there is no such model", received=path, fix="Train one with: python train.py")
    if path.suffix != ".keras" or not path.is_file():
        raise ModelRefusedError("a model is a .keras file", received=path, fix="Name the model.keras of a run")
    _check_archive(path)
    card = read_card(path)
    if card is None or file_digest(path) not in (card.sha256, card.previous_sha256):
        if trust:
            return _load_with_keras(path)
        known = "its card names another digest" if card else f"there is no {card_path(path).name} beside it"
        raise ModelRefusedError(
            f"the model is not known to be whole: {known}",
            received=path,
            fix="Restore model and card together, or pass --trust-model (trust=True) if you know where it comes from",
        )
    try:
        model = build(card.architecture.name, card.architecture.settings)
    except UsageError as error:
        raise ModelRefusedError(f"the card describes no network ({error})", received=path, fix="Restore the card") from error
    try:
        if _count_arrays(path) != len(model.weights):
            raise ValueError("the file holds more arrays, or fewer")
        model.load_weights(path)
    except Exception as error:  # h5py and Keras raise many kinds for weights that do not fit
        raise ModelRefusedError(
            "the weights do not fit the network that the card describes", received=path, fix="Restore model and card together"
        ) from error
    if not all(np.isfinite(keras.ops.convert_to_numpy(weight)).all() for weight in model.weights):
        raise ModelRefusedError("the model holds weights that are not finite", received=path, fix="Train it again")
    return model


@contextmanager
def _float32() -> Iterator[None]:
    """A saved model computes in float32, whatever precision it was trained in."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise ModelRefusedError(
            f"the file is no .keras archive ({error})", received=path, fix="Restore it from a copy"
        ) from error
    if sorted(names) != sorted(_MEMBERS):
        raise ModelRefusedError(
            "a .keras file holds config.json, metadata.json and model.weights.h5",
            received=f"{path} with {', '.join(names)}",
            fix="Save the model again",
        )


def _count_arrays(path: Path) -> int:
    """Counts the arrays in the file, of which Keras itself would pass over those that it has no use for."""
    found = 0

    def visit(_name: str, item: object) -> None:
        nonlocal found
        found += isinstance(item, h5py.Dataset)

    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as weights:
        weights.visititems(visit)
    return found


def _load_with_keras(path: Path) -> keras.Model:
    try:
        return keras.saving.load_model(path, safe_mode=True, compile=False)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelRefusedError(
            f"Keras refuses the model ({reason})", received=path, fix="Save it again from its source"
        ) from error
