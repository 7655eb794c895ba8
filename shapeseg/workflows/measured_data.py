"""Which dataset a model is measured on when none is named."""

from __future__ import annotations

from pathlib import Path

from shapeseg.datasets import Dataset
from shapeseg.errors import InputError
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.terminal import say
from shapeseg.training.run_folder import is_reference
from shapeseg.workflows.generate import generate
from shapeseg.workflows.options import GenerateOptions

DEFAULT_DATA = GenerateOptions().out


def data_of(model: OpenedModel) -> Path:
    """Returns the dataset that the model's card names; a dataset that has changed since the training is told.

    For a model without a card, for one of scenes that were never stored, and for the reference, whose dataset does not come
    with the project, that is the default dataset; it is made when it is not there.

    Raises:
        InputError: If the dataset is gone.
    """
    known = model.card.data if model.card and not is_reference(model.path) else {}
    trained = Path(known.get("folder") or DEFAULT_DATA)
    if trained in (DEFAULT_DATA, Path("none")):
        if not DEFAULT_DATA.exists():
            print(f"there is no {DEFAULT_DATA} yet, so the default dataset is made")
            generate(GenerateOptions())
        trained = DEFAULT_DATA
    if not trained.exists():
        raise InputError(
            "the dataset that the model learned from is gone", received=trained, fix="Name one to measure on: --data FOLDER"
        )
    digest = known.get("sha256")
    if digest not in (None, "none", Dataset(trained).digest()):
        say("warning", f"{trained} has changed since the model was trained on it")
    return trained
