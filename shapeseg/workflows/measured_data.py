"""The dataset that a model is measured on: the one named, or the one that it learned from."""

from __future__ import annotations

from pathlib import Path

from shapeseg.datasets import Dataset
from shapeseg.datasets.own_splits import kept_splits
from shapeseg.description import Description
from shapeseg.errors import InputError
from shapeseg.folders import real_path
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.terminal import say
from shapeseg.training.run_folder import RunFolder, is_reference
from shapeseg.workflows.generate import generate
from shapeseg.workflows.options import GenerateOptions
from shapeseg.workflows.own_data import open_data

DEFAULT_DATA = GenerateOptions().out


def open_measured(model: OpenedModel, named: Path | None, own: Description) -> Dataset:
    """Opens the dataset to measure on, by default the one that the model learned from; reports if that one has changed.

    For the user's own data, flags take precedence. Of the folder that the model learned from, its card comes next,
    and each image is in the split that the training kept for it; of another folder, its own words come before the card.

    Args:
        model: To be measured.
        named: The dataset; None takes the one that the model's card names.
        own: What flags say of the user's own data.

    Raises:
        InputError: If there is none.
    """
    trained = model.card.trained_on if model.card else None
    folder = named or _folder_of(model)
    if trained is None or real_path(folder) != real_path(Path(trained.folder)):
        return open_data(folder, own, otherwise=trained.own if trained else None)
    data = open_data(folder, own.over(trained.own), kept=kept_splits(RunFolder(model.path.parent).splits))
    if named is None and trained.sha256 not in ("none", data.digest()):
        say("warning", f"{folder} has changed since the model was trained on it")
    return data


def _folder_of(model: OpenedModel) -> Path:
    """Returns the dataset that a model's card names.

    For a model without a card, for one of scenes that were never stored, and for the reference, whose dataset does not come
    with the project, that is the default dataset; it is made when it is not there.

    Raises:
        InputError: If the dataset is gone.
    """
    card = None if is_reference(model.path) else model.card
    trained = Path((card.trained_on.folder if card else "") or DEFAULT_DATA)
    if trained in (DEFAULT_DATA, Path("none")):
        if not DEFAULT_DATA.exists():
            print(f"there is no {DEFAULT_DATA} yet, so the default dataset is created")
            generate(GenerateOptions())
        trained = DEFAULT_DATA
    if not trained.exists():
        raise InputError(
            "the dataset that the model learned from is gone", received=trained, fix="Name one to measure on: --data FOLDER"
        )
    return trained
