"""The user's own data in commands: opened by what folder, flags and card say, checked, and made ready for a training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import ExampleSource, FreshScenes
from shapeseg.datasets.scaled import Scaled
from shapeseg.datasets.sizes import BATCH_PIXELS, Sizes, usual_sizes
from shapeseg.datasets.survey import Seen, refuse_one_class, remarks, target_share
from shapeseg.datasets.windows import Windows
from shapeseg.description import Description
from shapeseg.terminal import say

if TYPE_CHECKING:
    from shapeseg.training.settings import TrainingSettings

Source = Dataset | FreshScenes


def open_data(
    folder: Path,
    own: Description,
    *,
    otherwise: Description | None = None,
    kept: Mapping[str, str] | None = None,
    told: bool = True,
) -> Dataset:
    """Opens a dataset, and prints how the user's own folder was read.

    Args:
        folder: Folder of the dataset.
        own: What flags say of it, which wins over the folder's own words.
        otherwise: What counts where neither says anything.
        kept: Splits that a training has kept, by path of the image.
        told: Whether to print anything: of several processes, one does.
    """
    data = Dataset(folder, kept, otherwise, **own.said())
    for note in data.notes if told else ():
        say("note", f"{folder}: {note}")
    return data


def is_own(source: Source) -> bool:
    """Whether a source is the user's own data."""
    return isinstance(source, Dataset) and not source.has_recipes


def tell_splits(data: Dataset, train: Dataset, val: Dataset) -> None:
    """Prints how many of the user's own images are in which split."""
    counts = Counter(row["split"] for row in data.rows)
    kept_back = sum(count for split, count in counts.items() if split not in ("train", "val"))
    why = "by folders or a list" if data.splits_given else "by a hash of each name"
    print(f"splits    {len(train)} images to learn from, {len(val)} to validate on, {kept_back} kept back, {why}")


def check_own(part: Dataset, seen: Sequence[Seen], *, learned: bool, told: bool) -> None:
    """Reports what is unusual in the user's own images and masks.

    Args:
        part: What to learn from, or to validate on.
        seen: What a survey has seen of it.
        learned: Whether it is learned from.
        told: Whether to print anything.

    Raises:
        InputError: If all pixels to learn from are of one class.
    """
    if learned:
        refuse_one_class(part.folder, part.target_name, seen)
    elif told and target_share(seen) in (0, 1, None):
        what = "it can choose neither the best epoch nor the threshold; put other images into val by a splits.csv"
        say("warning", f"{part.folder}: all pixels of val are of one class, so {what}")
    for remark in remarks(seen, part.description) if told else ():
        say("note", f"{part.folder}, {'train' if learned else 'val'}: {remark}")


def with_sizes(settings: TrainingSettings, train: Source, *, told: bool) -> TrainingSettings:
    """Returns settings in which the user's own images have chosen their sizes, where that was left to them, and says which."""
    if not isinstance(train, Dataset) or not is_own(train):
        return settings
    sizes = Sizes(settings.resize or None, settings.crop or None)
    if settings.crop is None and settings.resize is None:
        sizes = usual_sizes([(row["height"], row["width"]) for row in train.rows])
    if told:
        print(_in_words(sizes, train))
    return replace(settings, crop=sizes.crop or 0, resize=sizes.resize or 0)


def drawn(train: Source, sizes: Sizes, examples: int) -> ExampleSource:
    """Returns what to draw training examples from: the user's own images scaled, and often enough to fill an epoch."""
    return Scaled(train, sizes, examples) if is_own(train) else train


def seen_whole(val: Source, sizes: Sizes) -> ExampleSource:
    """Returns what to validate on: the user's own images scaled, and large ones in windows."""
    if not isinstance(val, Dataset) or not is_own(val):
        return val
    scaled = [sizes.scaled_size(row["height"], row["width"]) for row in val.rows]
    return Windows(Scaled(val, sizes) if sizes.resize else val, scaled)


def whole_batch(seen: ExampleSource) -> int:
    """Returns how many images to validate on at once: about as many pixels as 16 of the usual size have."""
    return max(1, BATCH_PIXELS // seen.largest) if isinstance(seen, Windows) else 16


def _in_words(sizes: Sizes, train: Dataset) -> str:
    largest = max(train.rows, key=lambda row: row["width"] * row["height"])
    parts = [f"images of up to {largest['width']} x {largest['height']}"]
    if sizes.resize:
        parts.append(f"scaled to {sizes.resize} along the longer side (--resize {sizes.resize})")
    if sizes.crop:
        parts.append(f"trained on in patches of {sizes.crop} x {sizes.crop} (--crop {sizes.crop})")
    return f"sizes     {', '.join(parts) if len(parts) > 1 else f'{parts[0]}, whole (--crop 0 --resize 0)'}"
