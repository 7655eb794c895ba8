"""Saving a model so that a crash never costs the one before, and loading one without running anything it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import keras
import numpy as np

from shapeseg import files
from shapeseg.card_files import model_file, not_known_to_be_whole
from shapeseg.environment import computing_in
from shapeseg.errors import InputError, ModelRefusedError, StorageError
from shapeseg.models.archive import WEIGHTS, Array, read_model_file
from shapeseg.models.card import Card, card_path, file_digest, read_card
from shapeseg.models.golden import golden_output
from shapeseg.models.registry import build
from shapeseg.value_types import check_type


def save_model(model: keras.Model, path: Path, card: Card) -> Card:
    """Saves the weights of ``model`` as a clean ``.keras`` file (no optimiser, no compile settings) with its card.

    The file is written next to its target, reopened and compared; then the card is written, naming the new digest and the one
    it replaces; then the file is renamed into place. A kill at any moment leaves a model that the card next to it knows.

    Args:
        model: Built from ``card.architecture``.
        path: Ends in ``.keras``.
        card: What to say of it; its digests and its golden output are filled in.

    Returns:
        The card as written.
    """
    weights = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    with computing_in("float32"):
        clean = build(card.architecture.name, card.architecture.settings)
        saved = build(card.architecture.name, card.architecture.settings)
    clean.set_weights(weights)
    written = card

    def write(temporary: Path) -> None:
        nonlocal written
        clean.save(temporary)
        sha256 = read_model_file(temporary).sha256  # what could not be loaded again is told now
        saved.load_weights(temporary)
        reread = (keras.ops.convert_to_numpy(weight) for weight in saved.weights)
        if not all(np.array_equal(one, other, equal_nan=True) for one, other in zip(weights, reread, strict=True)):
            raise StorageError("the saved model differs from the one in memory", received=path, fix="Check the disk")
        previous = file_digest(path) if path.exists() else None
        golden = golden_output(saved, stride=card.architecture.stride)
        written = replace(card, sha256=sha256, previous_sha256=previous, golden=golden)
        written.write(path)

    files.replace_with(path, write)
    return written


class LoadedModel(NamedTuple):
    """A model and what is known of the file that it was loaded from.

    Attributes:
        network: From RGB 0 to 255, (N, H, W, 3), to the probability of rectangle, float32 (N, H, W, 1).
        sha256: SHA-256 of the file.
        card: Its card; None when there is none, or one of another file.
    """

    network: keras.Model
    sha256: str
    card: Card | None


def load_model(path: str | Path, *, trust: bool = False) -> keras.Model:
    """Loads a saved model: RGB 0 to 255, (N, H, W, 3), to the probability of rectangle, float32 (N, H, W, 1).

    A model made by shapeseg is rebuilt from the settings in its card, and only its weights are read from the file, so that
    nothing in the file is ever run. That the card names the file's digest proves that it is whole, not who made it.

    Args:
        path: A ``.keras`` file, or the folder of a run, which holds ``model.keras``.
        trust: Load a model that has no card, or another digest, with plain Keras in its safe mode.

    Raises:
        InputError: If there is no such file.
        ModelRefusedError: If it is not a model, or not one that its card knows.
    """
    check_type("path", path, Path)
    return load_with_card(Path(path), trust=trust).network


def load_with_card(path: Path, *, trust: bool = False) -> LoadedModel:
    """Loads a saved model as :func:`load_model` does, and returns what is known of it. File and card are read once."""
    path = model_file(path)
    if not path.exists():
        raise InputError("there is no such model", received=path, fix="Train one with: python train.py")
    if path.suffix != ".keras" or path.is_dir():
        what = "a model is a .keras file, or the folder of a run that holds one"
        raise ModelRefusedError(what, received=path, fix="Name the model.keras of a run")
    file = read_model_file(path)
    card = read_card(path)
    if card is None or file.sha256 not in (card.sha256, card.previous_sha256):
        if trust:
            return LoadedModel(_load_with_keras(path, file.content), file.sha256, None)
        raise not_known_to_be_whole(
            path,
            card,
            card_path(path).name,
            fix="Restore model and card together, or pass --trust-model (trust=True) if you know where it comes from",
        )
    try:
        with computing_in("float32"):  # as a saved model does, whatever the person computes in
            with _without_memory():  # a card may ask for a network that no memory holds
                _compare(build(card.architecture.name, card.architecture.settings), file.arrays)
            model = build(card.architecture.name, card.architecture.settings)
    except ValueError as error:
        raise _unfit(path) from error
    with _copy(WEIGHTS, file.weights) as copy:
        try:
            model.load_weights(copy)
        except Exception as error:  # h5py and Keras raise many kinds for weights that do not fit
            raise _unfit(path) from error
    if not all(np.isfinite(keras.ops.convert_to_numpy(weight)).all() for weight in model.weights):
        raise ModelRefusedError("the model holds weights that are not finite", received=path, fix="Train it again")
    return LoadedModel(model, file.sha256, card)


@contextmanager
def _copy(name: str, content: bytes) -> Iterator[Path]:
    """Yields a private file of what was checked, for Keras, which reads none but files."""
    with TemporaryDirectory(prefix="shapeseg-") as folder:
        path = Path(folder) / name
        files.write_new_bytes(path, content)
        yield path


def _compare(model: keras.Model, arrays: Sequence[Array]) -> None:
    """Raises a ValueError unless a file's arrays are the model's weights; Keras would pass over those it has no use for."""
    if sorted(arrays) != sorted(Array(tuple(weight.shape), weight.dtype) for weight in model.weights):
        raise ValueError("the file holds other arrays")


def _unfit(path: Path) -> ModelRefusedError:
    return ModelRefusedError(
        "the weights do not fit the network that the card describes", received=path, fix="Restore model and card together"
    )


def _without_memory() -> AbstractContextManager[object]:
    """On torch, what is built in this context has shapes and no numbers; other backends have nothing like it."""
    return keras.device("meta") if keras.backend.backend() == "torch" else nullcontext()


def _load_with_keras(path: Path, content: bytes) -> keras.Model:
    with _copy("model.keras", content) as copy:
        try:
            return keras.saving.load_model(copy, safe_mode=True, compile=False)
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelRefusedError(
                f"Keras refuses the model ({reason})", received=path, fix="Save it again from its source"
            ) from error
