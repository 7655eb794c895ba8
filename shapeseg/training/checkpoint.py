"""Checkpoints: all that a training needs to go on as if it had never stopped, in one file an epoch, of arrays and JSON."""

from __future__ import annotations

import io
import json
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from shapeseg import files
from shapeseg.errors import InputError
from shapeseg.folders import make_folder

_KEPT = 2  # the newest, and one to fall back on


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
        InputError: If the checkpoint is of another network.
    """
    for prefix, variables in (("model", _variables(model)), ("optimizer", model.optimizer.variables)):
        saved = [checkpoint.arrays.get(f"{prefix}/{place}") for place in range(len(variables))]
        if any(value is None or tuple(value.shape) != tuple(v.shape) for value, v in zip(saved, variables, strict=True)):
            raise InputError("the checkpoint is of another network", received=prefix, fix="Resume with the run's own settings")
        for variable, value in zip(variables, saved, strict=True):
            variable.assign(value)
    version, words, gauss = checkpoint.state["python_random"]
    random.setstate((version, tuple(words), gauss))
    _restore_random(checkpoint.arrays)


def write(folder: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint, whole or not at all, then removes all but the newest two."""
    make_folder(folder)
    buffer = io.BytesIO()
    state = np.frombuffer(json.dumps({"epoch": checkpoint.epoch} | checkpoint.state).encode(), np.uint8)
    np.savez(buffer, allow_pickle=False, **(checkpoint.arrays | {"state": state}))
    files.write_bytes(folder / f"epoch-{checkpoint.epoch:05d}.npz", buffer.getvalue())
    for old in sorted(folder.glob("epoch-*.npz"))[:-_KEPT]:
        old.unlink()


def read_newest(folder: Path) -> tuple[Checkpoint | None, list[Path]]:
    """Reads the newest checkpoint that is whole.

    Returns:
        The checkpoint, None if there is none, and the torn files that were passed over.

    Raises:
        InputError: If there are checkpoints, but none is whole.
    """
    torn: list[Path] = []
    found = sorted(folder.glob("epoch-*.npz"), reverse=True)
    for path in found:
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as content:
                arrays = {name: content[name] for name in content.files}
            state = json.loads(arrays.pop("state").tobytes())
            return Checkpoint(state.pop("epoch"), arrays, state), torn
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            torn.append(path)
    if found:
        raise InputError(
            "no checkpoint is whole", received=folder, fix="Start again in another folder, with --init-from its model"
        )
    return None, torn


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
