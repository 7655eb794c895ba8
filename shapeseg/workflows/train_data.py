"""What a training learns from: the two feeds and what names their content."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from shapeseg.errors import InputError, UsageError
from shapeseg.terminal import Progress, no_progress, progress_bar

if TYPE_CHECKING:
    from shapeseg.datasets import Dataset
    from shapeseg.datasets.examples import FreshScenes
    from shapeseg.datasets.feed import Feed
    from shapeseg.training.processes import Processes
    from shapeseg.training.settings import TrainingSettings
    from shapeseg.workflows.options import TrainOptions

_VAL_IMAGES = 90  # of fresh scenes


class TrainingData(NamedTuple):
    """Two feeds, and what to write of them into the card.

    Attributes:
        train: Shuffled and augmented.
        val: In order.
        digest: Names the content.
        description: For the card.
        learned_from: What names the images of ``train``: a digest each, or one line for all that are never stored.
        settings: Those that were asked for, with what they leave to the data.
    """

    train: Feed
    val: Feed
    digest: str
    description: dict[str, Any]
    learned_from: list[str]
    settings: TrainingSettings


def open_training_data(options: TrainOptions, stride: int, processes: Processes) -> TrainingData:
    """Opens the dataset (or none) that a training asks for.

    Raises:
        InputError: If there is none, a split is empty, files are damaged, sizes do not fit, or a recipe is needed and unknown.
    """
    from shapeseg.datasets.examples import same_size
    from shapeseg.datasets.feed import Feed

    settings = options.training
    train, val, digest, folder = _fresh(options) if str(options.data) == "none" else _stored(options, processes)
    known = _known_probabilities(settings, train, val, told=processes.writes)
    settings = settings.settled(known=known and _can_be_learned(settings, train, told=processes.writes))
    for part in (train, val):
        _check_sides(_sizes(part), stride)
    if settings.batch_size > 1:
        same_size(_sizes(train))
    shard = (processes.rank, processes.count)
    feed = Feed(
        train,
        settings.batch_size,
        labels="codes+probability" if known and settings.ambiguous == "exact" else "codes",
        shuffle_seed=settings.seed,
        augmentation=settings.augmentation,
        target=settings.target,
        shard=shard,
        devices=processes.devices,
    )
    # On jax the first batch says how all of a pass are shared, and the last of val may be of any size: so none is shared.
    val_batch = 16 if processes.devices == 1 else 2 * processes.devices + 1
    if len(_sizes(val)) > 1:
        val_batch = 1
    val_feed = Feed(val, val_batch, labels="codes+probability" if known else "codes", target=settings.target)
    description = {"folder": folder, "sha256": digest, "images": len(train) + len(val), "target": settings.target}
    return TrainingData(feed, val_feed, digest, description, _names(train, processes), settings)


def _known_probabilities(
    settings: TrainingSettings, train: Dataset | FreshScenes, val: Dataset | FreshScenes, *, told: bool
) -> bool:
    """Whether it is known how probable each label of val is, and to learn exactly, of train; says what ambiguity then means.

    Raises:
        UsageError: If exact probabilities are to be learned, and nobody knows them.
    """
    asked = settings.ambiguous
    if settings.target == "amodal":
        if asked not in (None, "exclude") and told:
            print(f"of whole rectangles (--target amodal) no pixel is ambiguous, so that --ambiguous {asked} changes nothing")
        return False
    if asked == "exact" and (train.rule is None or val.rule is None):
        raise UsageError(
            "exact probabilities are known only where it is known how scenes were chosen, of train and of val",
            received="ambiguous=exact, data without a rule",
            fix="Use --ambiguous exclude or hard, or data as generate made them",
        )
    if asked in (None, "exclude") and train.rule is None and told:
        print("no pixel is left out as ambiguous: it is not known how the scenes of this dataset were chosen")
    return val.rule is not None


def _can_be_learned(settings: TrainingSettings, train: Dataset | FreshScenes, *, told: bool) -> bool:
    """Whether exact probabilities can be learned of train, if nothing else is asked for; says what keeps them from it."""
    from shapeseg.datasets.feed import keeps_probabilities

    if train.rule is None or settings.ambiguous is not None:
        return train.rule is not None
    can = keeps_probabilities(train.rule, settings.augmentation)
    if told and not can:
        print("ambiguous pixels are left out: of scenes chosen by occlusion, a pasted shape changes the probabilities")
        print("to learn these, add --ambiguous exact, and an --augmentation without paste")
    return can


def _names(train: Dataset | FreshScenes, processes: Processes) -> list[str]:
    """Returns what ``train_images.txt`` holds."""
    from shapeseg.datasets.examples import FreshScenes

    if isinstance(train, FreshScenes):
        return [f"fresh scenes of seed {train.seed}, indices from {train.first_index}: no dataset holds any of them"]
    names = []
    with _told("listing", len(train), processes) as progress:
        for place in range(len(train)):
            names.append(train.digest_of(place).hex())
            progress(1)
    return names


def _told(what: str, images: int, processes: Processes) -> AbstractContextManager[Progress]:
    """Says how far the block is; of several processes, only one does."""
    return progress_bar(what, images, "image") if processes.writes else nullcontext(no_progress)


def _fresh(options: TrainOptions) -> tuple[FreshScenes, FreshScenes, str, str]:
    from shapeseg.datasets.examples import FreshScenes
    from shapeseg.scenes import SceneSettings

    seed = options.training.seed
    train = FreshScenes(SceneSettings(), seed, options.epoch_images)
    val = FreshScenes(SceneSettings(), seed, _VAL_IMAGES, frozen=True)
    return train, val, "none", "none"


def _stored(options: TrainOptions, processes: Processes) -> tuple[Dataset, Dataset, str, str]:
    from shapeseg.datasets import Dataset
    from shapeseg.workflows.generate import generate
    from shapeseg.workflows.options import GenerateOptions

    default = GenerateOptions()
    if options.data == default.out and not options.data.exists():
        print(
            f"there is no {options.data} yet, so the default dataset is made: {default.num_images} images, seed {default.seed}"
        )
        generate(default)
    data = Dataset(options.data)
    val_data = Dataset(options.val_data) if options.val_data else data
    train, val = data.split("train"), val_data.split("val")
    if options.train_images:
        train = train.first(options.train_images)
    for part in (train, val):
        part.refuse_unknown_target(options.training.target)
    with _told("checking", len(train) + len(val), processes) as progress:
        for part in (train, val):
            part.refuse_damage(progress)
    digest = data.digest() if val_data is data else hashlib.sha256((data.digest() + val_data.digest()).encode()).hexdigest()
    return train, val, digest, str(options.data)


def _sizes(source: Dataset | FreshScenes) -> set[tuple[int, int]]:
    """Returns every width and height of the images."""
    from shapeseg.datasets.examples import FreshScenes

    if isinstance(source, FreshScenes):
        return {(source.settings.width, source.settings.height)}
    return {(row["width"], row["height"]) for row in source.rows}


def _check_sides(sizes: set[tuple[int, int]], stride: int) -> None:
    for width, height in sorted(sizes):
        if height % stride or width % stride:
            raise InputError(
                f"image sides must be multiples of {stride} for this network",
                received=f"{width} x {height} pixels",
                fix=f"Draw images of {width + -width % stride} x {height + -height % stride}, or use fewer --widths",
            )
