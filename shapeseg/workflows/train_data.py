"""What a training learns from: the two feeds and what names their content."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import FreshScenes
from shapeseg.datasets.sizes import Sizes
from shapeseg.errors import UsageError
from shapeseg.folders import real_path
from shapeseg.terminal import Progress, no_progress, progress_bar
from shapeseg.workflows.own_data import (
    check_own,
    drawn,
    is_own,
    open_data,
    seen_whole,
    tell_splits,
    whole_batch,
    with_sizes,
)

if TYPE_CHECKING:
    from shapeseg.datasets.feed import Feed
    from shapeseg.training.processes import Processes
    from shapeseg.training.settings import TrainingSettings
    from shapeseg.workflows.options import TrainOptions

_VAL_IMAGES = 90  # of fresh scenes


class TrainingData(NamedTuple):
    """Two feeds, and what to write of them into the card.

    Attributes:
        train: Shuffled, cropped and augmented.
        val: In order; large images window by window.
        measured: The images of ``val``, whole, which the final scores are of.
        images: How many are learned from.
        settings: Settings of the training, with what the data chose of them.
        digest: Names the content.
        description: For the card.
        learned_from: What names the images of ``train``: a digest each, or one line for all that are never stored.
        splits: For the user's own images, a ``splits.csv`` with the split of each; None if a dataset keeps them or none exist.
    """

    train: Feed
    val: Feed
    measured: Dataset | FreshScenes
    images: int
    settings: TrainingSettings
    digest: str
    description: dict[str, Any]
    learned_from: list[str]
    splits: str | None


def open_training_data(options: TrainOptions, stride: int, processes: Processes) -> TrainingData:
    """Opens the dataset (or none) that a training asks for.

    Raises:
        InputError: If there is none, a split is empty, files are damaged, or a recipe is needed and unknown.
    """
    from shapeseg.datasets.feed import Feed
    from shapeseg.datasets.own_splits import list_of_splits

    train, val, data, learned_from = _fresh(options) if str(options.data) == "none" else _stored(options, processes)
    settings = with_sizes(options.training, train, told=processes.writes)
    known = _known_probabilities(settings, train, val, told=processes.writes)
    learnable = known and _can_be_learned(settings, train, told=processes.writes)
    settings = settings.settled(known=learnable, own=is_own(train))
    sizes = Sizes(settings.resize or None, settings.crop or None, stride)
    feed = Feed(
        drawn(train, sizes, options.epoch_images),
        settings.batch_size,
        labels="codes+probability" if known and settings.ambiguous == "exact" else "codes",
        shuffle_seed=settings.seed,
        augmentation=settings.augmentation or (),
        target=settings.target,
        sizes=sizes,
        shard=(processes.rank, processes.count),
        devices=processes.devices,
    )
    val_sizes = Sizes(sizes.resize, stride=stride)
    seen = seen_whole(val, val_sizes)
    # On jax the first batch says how all of a pass are shared, and the last of val may be of any size: so none is shared.
    val_batch = whole_batch(seen) if processes.devices == 1 else 2 * processes.devices + 1
    val_feed = Feed(seen, val_batch, labels="codes+probability" if known else "codes", target=settings.target, sizes=val_sizes)
    description = {
        "folder": str(options.data),
        "sha256": data.digest() if data else "none",
        "images": len(train) + len(val),
        "target": settings.target,
        **({"resize": sizes.resize} if sizes.resize else {}),
    }
    splits = None
    if data is not None and not data.has_recipes:
        description["own"] = asdict(data.description)
        splits = list_of_splits((row["image"], row["split"]) for row in data.rows)
    return TrainingData(
        train=feed,
        val=val_feed,
        measured=val,
        images=len(train),
        settings=settings,
        digest=_digest(data, val),
        description=description,
        learned_from=learned_from,
        splits=splits,
    )


def _known_probabilities(
    settings: TrainingSettings, train: Dataset | FreshScenes, val: Dataset | FreshScenes, *, told: bool
) -> bool:
    """Whether it is known how probable each label of val is, and to learn exactly, of train; says what ambiguity then means.

    Raises:
        UsageError: If exact probabilities are to be learned, and they are unknown.
    """
    asked = settings.ambiguous
    if settings.target == "amodal":
        if asked not in (None, "exclude") and told:
            print(f"with --target amodal no pixel is ambiguous, so --ambiguous {asked} changes nothing")
        return False
    if asked == "exact" and (train.rule is None or val.rule is None):
        raise UsageError(
            "exact probabilities are known only where it is known how scenes were chosen, for train and for val",
            received="ambiguous=exact, data without a rule",
            fix="Use --ambiguous exclude or hard, or data made by generate",
        )
    left_out = asked == "exclude" or (asked is None and not is_own(train))
    if left_out and train.rule is None and told:
        print("no pixel is excluded as ambiguous: it is not known how the scenes of this dataset were chosen")
    return val.rule is not None


def _can_be_learned(settings: TrainingSettings, train: Dataset | FreshScenes, *, told: bool) -> bool:
    """Whether exact probabilities can be learned of train, if nothing else is asked for; says what keeps them from it."""
    from shapeseg.datasets.feed import keeps_probabilities

    if train.rule is None or settings.ambiguous is not None:
        return train.rule is not None
    can = keeps_probabilities(train.rule, settings.augmented(own=False))
    if told and not can:
        print("ambiguous pixels are excluded: in scenes chosen by occlusion, a pasted shape changes the probabilities")
        print("to learn these, add --ambiguous exact, and an --augmentation without paste")
    return can


def _names(train: Dataset, processes: Processes) -> list[str]:
    """Returns a digest of each image."""
    names = []
    with _told("listing", len(train), processes) as progress:
        for place in range(len(train)):
            names.append(train.digest_of(place).hex())
            progress(1)
    return names


def _told(what: str, images: int, processes: Processes) -> AbstractContextManager[Progress]:
    """Says how far the block is; of several processes, only one does."""
    return progress_bar(what, images, "image") if processes.writes else nullcontext(no_progress)


def _digest(data: Dataset | None, val: Dataset | FreshScenes) -> str:
    """Names what a resume must find unchanged."""
    if data is None or not isinstance(val, Dataset):
        return "none"
    one, other = data.digest(), val.digest()
    return one if one == other else hashlib.sha256((one + other).encode()).hexdigest()


def _fresh(options: TrainOptions) -> tuple[FreshScenes, FreshScenes, None, list[str]]:
    from shapeseg.scenes import SceneSettings

    seed = options.training.seed
    train = FreshScenes(SceneSettings(), seed, options.epoch_images)
    val = FreshScenes(SceneSettings(), seed, _VAL_IMAGES, frozen=True)
    return train, val, None, [f"fresh scenes of seed {seed}, indices from {train.first_index}: no dataset holds any of them"]


def _stored(options: TrainOptions, processes: Processes) -> tuple[Dataset, Dataset, Dataset, list[str]]:
    """Returns what to learn from and to validate on, checked whole, all of the first one's dataset, and ``learned_from``."""
    from shapeseg.workflows.generate import generate
    from shapeseg.workflows.options import GenerateOptions

    default = GenerateOptions()
    if options.data == default.out and not options.data.exists():
        print(
            f"there is no {options.data} yet, so the default dataset is created: "
            f"{default.num_images} images, seed {default.seed}"
        )
        generate(default)
    data = open_data(options.data, options.own, told=processes.writes)
    train, val = data.split("train"), _val(options, data, told=processes.writes)
    if options.train_images:
        train = train.first(options.train_images)
    if is_own(data) and processes.writes:
        tell_splits(data, train, val)
    for part in (train, val):
        part.refuse_unknown_target(options.training.target)
    digests = None
    with _told("checking", len(train) + len(val), processes) as progress:
        for part in (train, val):
            if part.has_recipes:
                part.refuse_damage(progress)
                continue
            seen = part.survey(progress)
            check_own(part, seen, learned=part is train, told=processes.writes)
            if part is train:
                digests = [each.digest.hex() for each in seen]
    return train, val, data, digests or _names(train, processes)


def _val(options: TrainOptions, data: Dataset, *, told: bool) -> Dataset:
    """Returns what to validate on: the val split, or all of another folder of the user's own that states no splits."""
    if options.val_data is None or real_path(options.val_data) == real_path(options.data):
        return data.split("val")
    other = open_data(options.val_data, options.own, otherwise=data.description, told=told)
    return other.split("val" if other.splits_given else "all")
