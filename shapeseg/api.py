"""The commands from Python: keywords are their flags, paths are strings or ``Path``, and what they make is returned.

Errors are those of the commands, as :class:`shapeseg.ShapesegError`, whose text is the line that a command would print.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from shapeseg.commands.append import AppendOptions
from shapeseg.commands.filter import FilterOptions, filter_as_asked, filter_settings
from shapeseg.commands.merge import MergeOptions
from shapeseg.commands.twin import TwinOptions
from shapeseg.datasets import append as appending
from shapeseg.datasets import create, merge, twin
from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.manifest import DatasetSettings
from shapeseg.datasets.shard import parse_shard
from shapeseg.errors import InputError, UsageError
from shapeseg.evaluation.metrics import Metrics
from shapeseg.incoming import MAX_TEXT, parse_json, read_file
from shapeseg.scenes.rule import Way
from shapeseg.scenes.twins import Change
from shapeseg.settings import CommonOptions, options_from_flags
from shapeseg.value_types import check_type
from shapeseg.workflows.options import EvaluateOptions, GenerateOptions, TrainOptions
from shapeseg.workflows.predict_options import PredictOptions

if TYPE_CHECKING:
    import keras

    from shapeseg.models import Card

AnyPath = str | Path
Options = TypeVar("Options", bound=CommonOptions)


class Run:
    """A training that is finished: its folder, its best model, and what it logged.

    >>> run = shapeseg.Run("saved_models/my-run")
    >>> run.card.architecture.name, len(run.history), run.history[0]["epoch"]
    ('unet', 1, 1.0)

    Args:
        folder: Folder of the run, or its ``model.keras``.

    Attributes:
        folder: Path of the run.
    """

    def __init__(self, folder: AnyPath) -> None:
        check_type("folder", folder, Path)
        path = Path(folder)
        self.folder = path.parent if path.suffix == ".keras" else path

    @cached_property
    def model(self) -> keras.Model:
        """The model of the best epoch, as :func:`shapeseg.load_model` gives it."""
        from shapeseg.models import load_model

        return load_model(self.folder)

    @cached_property
    def history(self) -> list[dict[str, float]]:
        """What was logged of each epoch: ``epoch``, from 1, ``loss``, ``iou``, ``val_loss``, ``val_iou`` and the others."""
        from shapeseg.training.run_folder import read_history

        try:
            return read_history(self.folder / "history.csv")
        except FileNotFoundError:
            raise InputError("there is no history of a run", received=self.folder, fix="Name the folder of a run") from None

    @cached_property
    def card(self) -> Card:
        """What is known of the model: its architecture, threshold, scores on val, data, versions and command."""
        from shapeseg.models import read_card

        card = read_card(self.folder / "model.keras")
        if card is None:
            raise InputError("there is no card of a model", received=self.folder, fix="Name the folder of a run")
        return card

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"


def train(*, callbacks: Sequence[keras.callbacks.Callback] = (), **flags: Any) -> Run:
    """Trains a model; see ``python train.py --help`` for the keywords, which are its flags.

    >>> run = shapeseg.train(data="data/shapes", epochs=1, batch_size=8, widths=(4, 8), learning_rate=4e-3)
    training  unet, ..., into saved_models/unet-1
    ...
    >>> run.folder
    PosixPath('saved_models/unet-1')
    >>> run.model.predict(shapeseg.Dataset("data/shapes")[0].image[None], verbose=0).shape
    (1, 64, 64, 1)
    >>> shapeseg.train(epoch=1)
    Traceback (most recent call last):
        ...
    shapeseg.settings.UnknownSettingError: TrainOptions has no such setting. Received: epoch. Did you mean epochs.

    Args:
        callbacks: More of them, Keras's or your own.
        **flags: ``data``, ``model``, ``epochs``, ``batch_size``, ``learning_rate``, ``out`` and all others.

    Returns:
        The run; its model is the one of the best epoch.

    Raises:
        ShapesegError: As the command ends.
    """
    from shapeseg.workflows import train as workflow

    return Run(workflow.train(_options(TrainOptions, flags), callbacks).parent)


def evaluate(model: AnyPath | None = None, **flags: Any) -> Metrics:
    """Measures a saved model, writes tables, pictures and a report, and returns the scores; keywords are flags.

    >>> metrics = shapeseg.evaluate("saved_models/my-run", data="data/shapes", split="test")
    model ...
    wrote reports/my-run/per_image.csv, ...
    >>> 0 <= metrics["iou"] <= 1, metrics["images"]
    (True, 3)

    Args:
        model: A run's folder or its ``model.keras``; None takes the newest, as the command does.
        **flags: ``data``, ``split``, ``out``, ``threshold`` and all others of ``python evaluate.py --help``.

    Returns:
        The content of ``metrics.json``; an undefined score is None.

    Raises:
        ShapesegError: As the command ends.
    """
    from shapeseg.workflows import evaluate as workflow

    out = workflow.evaluate(_options(EvaluateOptions, {"model": model, **flags}))
    return cast(Metrics, parse_json(read_file(out / "metrics.json", most=MAX_TEXT)))


def predict(model: AnyPath, paths: AnyPath | Sequence[AnyPath], **flags: Any) -> Path:
    """Segments image files: for each a mask, an overlay and a JSON file; keywords are flags.

    For arrays there is ``shapeseg.load_model(...).predict(images)``.

    >>> folder = shapeseg.predict("saved_models/my-run", "data/shapes/images", out="predictions")
    wrote ...
    >>> sorted(path.name for path in folder.glob("000000*"))
    ['000000.json', '000000_mask.png', '000000_overlay.png']

    Args:
        model: A run's folder or its ``model.keras``.
        paths: An image, a folder of images, or several.
        **flags: ``out``, ``overwrite``, ``threshold`` and all others of ``python -m shapeseg predict --help``.

    Returns:
        The folder that was written.

    Raises:
        InputError: If an image could not be used; those that could are written.
        ShapesegError: As the command ends.
    """
    from shapeseg.workflows import predict as workflow

    options = _options(PredictOptions, {"model": model, "paths": [paths] if isinstance(paths, str | Path) else paths, **flags})
    if workflow.predict(options):
        named = ", ".join(map(str, options.paths))
        raise InputError("not every image could be used", received=named, fix="See the messages about them")
    return options.out


def build_model(name: str = "unet", **settings: Any) -> keras.Model:
    """Builds an untrained network by name: RGB 0 to 255, (B, H, W, 3), to the probability of rectangle, float32 (B, H, W, 1).

    It is a plain ``keras.Model``: compile and fit it with Keras's own losses and metrics.

    >>> shapeseg.build_model("unet", widths=(4, 8)).output_shape
    (None, None, None, 1)

    Args:
        name: One of ``shapeseg.ARCHITECTURES``.
        **settings: Settings of that architecture, ``widths`` for one.

    Raises:
        UsageError: If the name or a setting is unknown or out of range.
        NotInstalledError: If it needs an extra that is not installed.
    """
    from shapeseg.models import build

    return build(name, settings)


def create_dataset(
    out: AnyPath,
    *,
    num_images: int = 1000,
    seed: int = 0,
    shard: str | None = None,
    workers: int | None = None,
    **scene: Any,
) -> Dataset:
    """Draws a new dataset, a pure function of its keywords, and opens it.

    >>> data = shapeseg.create_dataset("data/tiny", num_images=10, seed=0, width=64, height=64, max_size=24)
    >>> len(data), data[0].image.shape
    (10, (64, 64, 3))

    Args:
        out: The new folder; it must not exist, or be empty.
        num_images: 1 or more.
        seed: 0 to 2**64 - 1.
        shard: Draws only part K of N, ``"K/N"``; :func:`merge_datasets` makes the whole of all N.
        workers: Processes that draw; None takes as many as suit the machine and the job.
        **scene: Fields of :class:`shapeseg.SceneSettings`, and shares of splits.

    Raises:
        UsageError: If ``out`` is in use, or a keyword is unknown or out of range.
        StorageError: If the folder cannot be written, or the disk is too small.
    """
    settings = options_from_flags(DatasetSettings, scene)
    options = _options(
        GenerateOptions, {"out": out, "num_images": num_images, "seed": seed, "shard": shard, "workers": workers}
    )
    create.create_dataset(
        options.out,
        num_images=options.num_images,
        seed=options.seed,
        settings=settings,
        workers=options.workers,
        shard=parse_shard(options.shard) if options.shard else None,
    )
    return Dataset(options.out)


def append_samples(folder: AnyPath, *, num_images: int = 500, workers: int | None = None) -> Dataset:
    """Draws more samples into a dataset: 1000 now and 500 later equal 1500 at once, bit for bit.

    >>> data = shapeseg.create_dataset("data/grown", num_images=10, width=64, height=64, max_size=24)
    >>> len(shapeseg.append_samples("data/grown", num_images=5))
    15

    Args:
        folder: Folder of a dataset made by shapeseg.
        num_images: 1 or more.
        workers: As for :func:`create_dataset`.

    Raises:
        InputError: If there is no dataset, it is damaged, or an older generator made it.
        BusyError: If another process is writing to it.
    """
    options = _options(AppendOptions, {"data": folder, "num_images": num_images, "workers": workers})
    appending.append_samples(options.data, num_images=options.num_images, workers=options.workers)
    return Dataset(options.data)


def filter_dataset(
    data: AnyPath,
    *,
    out: AnyPath | None = None,
    in_place: bool = False,
    way: Way | None = None,
    max_occlusion: float | None = None,
    all_instances: bool = False,
    purge: bool = False,
) -> Dataset:
    """Removes occlusion from a dataset: drops images, or marks the occluded shapes as ignored.

    >>> clean = shapeseg.filter_dataset("data/shapes", way="ignore-occluded", out="data/clean")
    >>> len(clean) == len(shapeseg.Dataset("data/shapes"))
    True

    Args:
        data: Folder of a dataset made by shapeseg.
        out: New dataset to write.
        in_place: Remove entries from this dataset itself; their files stay.
        way: ``"drop-occluded"``, ``"drop-beyond"`` or ``"ignore-occluded"``; with a limit alone ``"drop-beyond"``.
        max_occlusion: Largest fraction of a shape that may be hidden, 0 to 1.
        all_instances: Judge every shape; by default only the targets count.
        purge: With ``in_place``: delete the files of what is removed.

    Returns:
        What stays.

    Raises:
        UsageError: If what to remove, or where, was not stated.
        InputError: If the dataset states no occlusion, or nothing would be left.
    """
    what = {"way": way, "max_occlusion": max_occlusion, "all_instances": all_instances}
    options = _options(FilterOptions, {"data": data, "out": out, "in_place": in_place, "purge": purge, **what})
    filter_as_asked(options, filter_settings(options))
    return Dataset(options.out or options.data)


def merge_datasets(first: AnyPath, others: AnyPath | Sequence[AnyPath], out: AnyPath) -> Dataset:
    """Writes a new dataset: all samples of ``first``, and those of others whose images are not there already.

    The shards of one dataset, in any order, become that dataset, bit for bit.

    >>> other = shapeseg.create_dataset("data/other", num_images=10, seed=9, width=64, height=64, max_size=24)
    >>> merged = shapeseg.merge_datasets("data/shapes", "data/other", "data/merged")
    >>> len(merged)
    40

    Args:
        first: Its samples keep their ids.
        others: A dataset, or several; their samples are numbered on where they must be.
        out: The new folder.

    Raises:
        UsageError: If ``out`` is in use.
        InputError: If a dataset has no recipes, or the shards are not all of one.
    """
    data = [first, *(others if isinstance(others, list | tuple) else [others])]
    options = _options(MergeOptions, {"data": data, "out": out})
    merge.merge_datasets([Dataset(folder) for folder in options.data], options.out)
    return Dataset(options.out)


def write_twins(data: AnyPath, change: Change, out: AnyPath, *, workers: int | None = None) -> Dataset:
    """Writes the counterfactual twin of every sample, the same scene with one thing changed, as a new dataset.

    >>> twins = shapeseg.write_twins("data/shapes", "remove", "data/free")
    >>> twins.row(0)["index"] == shapeseg.Dataset("data/shapes").row(0)["index"]
    True

    Args:
        data: Folder of a dataset made by shapeseg.
        change: ``"remove"``, ``"same-color"``, ``"other-color"``, ``"other-kind"`` (of what hides a target) or ``"reverse"``.
        out: The new folder.
        workers: As for :func:`create_dataset`.

    Raises:
        UsageError: If ``out`` is in use.
        InputError: If the dataset has no recipes.
    """
    options = _options(TwinOptions, {"data": data, "change": change, "out": out, "workers": workers})
    twin.write_twins(Dataset(options.data), options.change, options.out, workers=options.workers)
    return Dataset(options.out)


def _options(kind: type[Options], flags: Mapping[str, Any]) -> Options:
    """Returns the options of a command, but for those that say how a command is called."""
    if of_a_call := sorted(flags.keys() & {"config", "debug"}):
        raise UsageError("this is for the command line only", received=of_a_call[0], fix="Leave it out")
    return options_from_flags(kind, flags)
