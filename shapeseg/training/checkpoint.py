"""Checkpoints: all that a training needs to continue as if it had never stopped, in one file an epoch, of arrays and JSON."""

from __future__ import annotations

import io
import json
import math
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.card_files import MAX_BYTES
from shapeseg.errors import InputError, is_out_of_memory
from shapeseg.folders import make_folder
from shapeseg.incoming import read_file
from shapeseg.settings import check_range, settings_from_dict

MONITOR = "val_iou"
"""The score that determines the best epoch."""

_KEPT = 2  # the newest, and one to fall back on
_MAX_BYTES = 4 * MAX_BYTES  # weights, two moments of Adam, and summed gradients
START_AGAIN = "Start again in another folder, with --init-from its model"
"""What to do when a training cannot continue."""


@dataclass
class Checkpoint:
    """The state of a training at the end of an epoch.

    Attributes:
        epoch: How many epochs are done.
        arrays: Variables of the model and the optimiser, and generators' states, by name.
        state: The rest: rows of the history, states of callbacks, whether training had stopped; JSON types only.
    """

    epoch: int
    arrays: dict[str, NDArray[Any]]
    state: dict[str, Any]


@dataclass(frozen=True)
class _State:
    """What the JSON of a checkpoint holds, to see to it that it does."""

    epoch: int
    history: list[dict[str, float]]
    callbacks: list[dict[str, float | bool | None]]
    stopped: bool
    python_random: list[Any]

    def __post_init__(self) -> None:
        check_range("epoch", self.epoch, least=1)
        if len(self.history) != self.epoch or any(row.keys() != self.history[0].keys() for row in self.history):
            raise ValueError("the history does not have one row per epoch")
        if not {"epoch", MONITOR} <= self.history[0].keys():
            raise ValueError(f"the history has no {MONITOR}")
        rows: list[dict[str, Any]] = [*self.history, *self.callbacks]
        numbers = [value for row in rows for value in row.values()]
        if any(isinstance(value, int) and abs(value) >= 2**63 for value in numbers):
            raise ValueError("a number is too large")


def capture(model: keras.Model, epoch: int, state: dict[str, Any]) -> Checkpoint:
    """Takes the present state of a model, its optimiser and every generator of random numbers."""
    arrays = {f"model/{place}": np.asarray(keras.ops.convert_to_numpy(v)) for place, v in enumerate(_variables(model))}
    arrays |= {
        f"optimizer/{place}": np.asarray(keras.ops.convert_to_numpy(v)) for place, v in enumerate(model.optimizer.variables)
    }
    return Checkpoint(epoch, arrays | _random_arrays(), state | {"python_random": random.getstate()})


def restore(model: keras.Model, checkpoint: Checkpoint) -> None:
    """Puts a model, its (built) optimiser and the generators back into a captured state.

    Raises:
        InputError: If the checkpoint belongs to another network, or its generators' states are invalid.
    """
    values = {}
    for prefix, variables in (("model", _variables(model)), ("optimizer", model.optimizer.variables)):
        saved = [checkpoint.arrays.get(f"{prefix}/{place}") for place in range(len(variables))]
        if not all(map(_fits, saved, variables)):
            raise InputError(
                "the checkpoint belongs to another network", received=prefix, fix="Resume with the run's own settings"
            )
        values[prefix] = zip(variables, saved, strict=True)
    try:
        version, words, gauss = checkpoint.state["python_random"]
        random.setstate((version, tuple(words), gauss))
        _restore_random(checkpoint.arrays)
    except (LookupError, TypeError, ValueError, OverflowError, RuntimeError) as error:  # of three libraries
        raise InputError(
            f"the checkpoint holds no state of random numbers ({error})", received=f"epoch {checkpoint.epoch}", fix=START_AGAIN
        ) from error
    for pairs in values.values():
        for variable, value in pairs:
            variable.assign(value)


def _fits(value: NDArray[Any] | None, variable: keras.Variable) -> bool:
    now = np.asarray(keras.ops.convert_to_numpy(variable))  # as it would be captured
    return value is not None and value.shape == now.shape and value.dtype == now.dtype


def write(folder: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint, whole or not at all, then removes all but the newest two."""
    make_folder(folder)
    buffer = io.BytesIO()
    state = np.frombuffer(json.dumps({"epoch": checkpoint.epoch} | checkpoint.state).encode(), np.uint8)
    np.savez(buffer, allow_pickle=False, **(checkpoint.arrays | {"state": state}))
    files.write_bytes(folder / f"epoch-{checkpoint.epoch:05d}.npz", buffer.getvalue())
    for old in checkpoints_in(folder)[:-_KEPT]:
        old.unlink()


def checkpoints_in(folder: Path) -> list[Path]:
    """Returns the files of a folder that are named as checkpoints and no links, the newest last."""
    return sorted(path for path in folder.glob("epoch-*.npz") if path.is_file() and not path.is_symlink())


def read_newest(folder: Path) -> tuple[Checkpoint | None, list[Path]]:
    """Reads the newest checkpoint that is whole.

    Returns:
        The checkpoint, None if there is none, and the torn files that were skipped.

    Raises:
        InputError: If there are checkpoints, but none is whole.
    """
    torn: list[Path] = []
    found = checkpoints_in(folder)
    for path in reversed(found):
        try:
            return _read(read_file(path, most=_MAX_BYTES)), torn
        except Exception as error:  # zipfile and NumPy raise many kinds for bytes that are none of theirs
            if is_out_of_memory(error):
                raise
            torn.append(path)
    if found:
        raise InputError("no checkpoint is whole", received=folder, fix=START_AGAIN)
    return None, torn


def _read(content: bytes) -> Checkpoint:
    """Reads a checkpoint; nothing in it is compressed, so that all of it together is no larger than its file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("a member is compressed")
        if sum(member.file_size for member in members) > len(content):
            raise ValueError("its members overlap")
        arrays = {member.filename.removesuffix(".npy"): _array(archive.read(member)) for member in members}
    state = json.loads(arrays.pop("state").tobytes())
    settings_from_dict(_State, state)
    return Checkpoint(state.pop("epoch"), arrays, state)


def _array(content: bytes) -> NDArray[Any]:
    """Reads an array of NumPy's own format; its header must match the content exactly before the array is built."""
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("another version")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ValueError("another size")
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)


def _variables(model: keras.Model) -> list[keras.Variable]:
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def _random_arrays() -> dict[str, NDArray[Any]]:
    _, words, place, has_gauss, gauss = np.random.get_state()  # noqa: NPY002 (others may draw from it)
    arrays = {"random/numpy": np.asarray(words), "random/numpy_rest": np.array([place, has_gauss, gauss])}
    if keras.backend.backend() == "torch":
        import torch

        arrays["random/torch"] = torch.get_rng_state().numpy()
    return arrays


def _restore_random(arrays: dict[str, NDArray[Any]]) -> None:
    place, has_gauss, gauss = arrays["random/numpy_rest"].tolist()
    np.random.set_state(("MT19937", arrays["random/numpy"], int(place), int(has_gauss), gauss))  # noqa: NPY002
    if "random/torch" in arrays and keras.backend.backend() == "torch":
        import torch

        torch.set_rng_state(torch.from_numpy(arrays["random/torch"].copy()))
