"""Reading a dataset: its rows, its samples and its splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.foreign_images import read_foreign
from shapeseg.datasets.image_digest import image_digest
from shapeseg.datasets.manifest import FORMAT, MANIFEST
from shapeseg.datasets.masks import mask_of
from shapeseg.datasets.metadata import parse_rows, read_metadata, rule_of
from shapeseg.datasets.plain import IMAGES, MASKS, is_plain, read_plain, what_is_here
from shapeseg.datasets.samples import Row, is_as_named, read_image, read_mask
from shapeseg.datasets.splits import SPLITS
from shapeseg.datasets.survey import Seen, survey
from shapeseg.description import Description, read_description
from shapeseg.errors import InputError, NoSampleError, UsageError
from shapeseg.labels import is_target
from shapeseg.scenes import Scene, SceneSettings
from shapeseg.scenes.rule import UNKNOWN
from shapeseg.scenes.scene import Target
from shapeseg.settings import check_range, settings_from_dict
from shapeseg.terminal import Progress, no_progress
from shapeseg.value_types import check_type

if TYPE_CHECKING:
    from shapeseg.datasets.feed import Feed


class Sample(NamedTuple):
    """One sample.

    Attributes:
        row: Its metadata row.
        image: uint8 (H, W, 3), RGB, 0 to 255.
        mask: uint8 (H, W), 255 on the target, which is visible rectangles or the user's own target, 0 elsewhere.
    """

    row: Row
    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


class Pair(NamedTuple):
    """A sample without its row.

    Attributes:
        image: uint8 (H, W, 3), RGB, 0 to 255.
        mask: uint8 (H, W), 255 on the target, 0 elsewhere.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


class Dataset:
    """A dataset on disk, or a part of it: a split or a slice.

    Args:
        folder: Where ``dataset.json`` is, or the user's own images and masks are, as in :mod:`shapeseg.datasets.plain`.
        kept: Splits of the user's own images that a training has kept, by path; others are as the folder or their names say.
        otherwise: What is meant where neither the keywords nor the folder's ``shapeseg.json`` say it.
        **description: For the user's images, fields of :class:`shapeseg.description.Description`: ``target_values=[255]``. It
            wins over the folder's ``shapeseg.json``.

    Attributes:
        folder: Path of the dataset.
        manifest: What ``dataset.json`` says.
        rows: Metadata rows, sorted by index.
        has_recipes: Whether the scenes of the samples are known.
        rule: By what the scenes were chosen; None when that is unknown.
        description: What is said of the user's own data, in all.
        notes: Notes about how the user's own folder was read, each a clause.
        splits_given: Whether the user's own folder says the splits of its images; else they follow from the names.

    Raises:
        InputError: If there is no dataset, its metadata is not what ``dataset.json`` names, or images and masks do not fit.
        UsageError: If a dataset that shapeseg has drawn is described.
    """

    def __init__(
        self,
        folder: str | Path,
        kept: Mapping[str, str] | None = None,
        otherwise: Description | None = None,
        **description: Any,
    ) -> None:
        check_type("folder", folder, Path)
        self.folder = Path(folder)
        self.description = settings_from_dict(Description, description)
        self.notes: list[str] = []
        self.splits_given = True
        if is_plain(self.folder):
            self.description = self.description.over(read_description(self.folder), otherwise or Description())
            self.manifest, self.rows, self.notes, self.splits_given = read_plain(self.folder, self.description, kept)
        else:
            _refuse_other_folders(self.folder)
            self.manifest, content = read_metadata(self.folder)
            self.description.refuse_for_drawn(self.folder)
            self.rows = parse_rows(self.manifest, content)
        self.has_recipes = self.manifest.format == FORMAT
        self.rule = rule_of(self.manifest, self.rows) if self.has_recipes else None

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Sample: ...

    @overload
    def __getitem__(self, place: slice) -> Dataset: ...

    def __getitem__(self, place: int | slice) -> Sample | Dataset:
        if isinstance(place, slice):
            return self._part(self.rows[place])
        row = self.row(place)
        if self.has_recipes:
            return Sample(row, self.image(place), read_mask(self.folder, row))
        image, labels = self.stored(place)
        return Sample(row, image, np.where(is_target(labels), np.uint8(255), np.uint8(0)))

    def __getitems__(self, places: Sequence[int]) -> list[Pair]:
        """Returns images and masks alone, for torch's ``DataLoader``: it makes tensors of them, and cannot of rows."""
        return [Pair(image, mask) for _, image, mask in map(self.__getitem__, places)]

    def __iter__(self) -> Iterator[Sample]:
        return (self[place] for place in range(len(self)))

    def row(self, place: int) -> Row:
        """Returns one metadata row.

        Raises:
            NoSampleError: If there are not so many; Python's own ways through a sequence end by it.
        """
        if not -len(self) <= place < len(self):
            raise NoSampleError(
                "there is no such place in the dataset",
                received=f"{place}, {len(self)} images in {self.folder}",
                fix=f"Use 0 to {len(self) - 1}",
            )
        return self.rows[place]

    def image(self, place: int) -> NDArray[np.uint8]:
        """Returns one image alone: uint8 (H, W, 3), RGB, 0 to 255."""
        row = self.row(place)
        if self.has_recipes:
            return read_image(self.folder, row)
        return read_foreign(self.folder / row["image"], bits=self.description.image_bits or 16).pixels

    @property
    def target_name(self) -> str:
        """What the target is called, in the singular."""
        if self.has_recipes:
            return " or ".join(self.manifest.settings.scene.target_kinds)
        return self.description.target_name or "target"

    @property
    def settings(self) -> SceneSettings:
        """How its scenes look; the usual where no recipe is known."""
        return self.manifest.settings.scene

    def digest_of(self, place: int) -> bytes:
        """Returns what names one image: the SHA-256 of its size and decoded pixels."""
        return image_digest(self.image(place))

    def index_of(self, place: int, _epoch: int = 0) -> int:
        """Returns the index of one sample."""
        return self.rows[place]["index"]

    def scene_of(self, place: int, _epoch: int = 0) -> Scene | None:
        """Returns the scene of one sample; None where no recipe is known."""
        return self.scene(place) if self.has_recipes else None

    def stored(self, place: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Returns one of the user's own images, and the label map of its mask, both turned upright."""
        return self.image(place), mask_of(self.folder, self.row(place)).labels(self.description)

    def scene(self, place: int) -> Scene:
        """Returns the scene that one sample was drawn from.

        Raises:
            NoSampleError: If there are not that many samples.
            InputError: If no recipe is known.
        """
        row = self.row(place)
        if not self.has_recipes:
            raise InputError("scenes are unknown without recipes", received=self.folder, fix="Name a dataset made by shapeseg")
        return Scene.from_dict(row, self.rule or UNKNOWN)

    def split(self, name: str) -> Dataset:
        """Returns the samples of one split; ``"all"`` is every sample.

        Raises:
            UsageError: If there is no such split.
            InputError: If the split is empty.
        """
        if name not in (*SPLITS, "all"):
            raise UsageError("there is no such split", received=name, fix=f"Use one of {', '.join(SPLITS)}, all")
        part = self._part([row for row in self.rows if name in (row["split"], "all")])
        if not part.rows:
            raise InputError(
                f"the {name} split of {self.folder} is empty",
                received=f"{len(self)} images",
                fix="Make the dataset larger (10 images hold every split), or name another split"
                if self.has_recipes
                else "Name another split, or put images into it",
            )
        return part

    def first(self, count: int) -> Dataset:
        """Returns the first so many of these samples.

        Raises:
            UsageError: If that is no number from 1.
            InputError: If there are fewer.
        """
        check_type("count", count, int)
        check_range("count", count, least=1)
        if count > len(self):
            raise InputError(
                f"{self.folder} has fewer images than were asked for",
                received=f"{count} of {len(self)}",
                fix="Ask for fewer, or append to it",
            )
        return self._part(self.rows[:count])

    def _part(self, rows: list[Row]) -> Dataset:
        part = Dataset.__new__(Dataset)
        vars(part).update(vars(self), rows=rows)
        return part

    def feed(self, batch_size: int = 8, **options: Any) -> Feed:
        """Returns a ``keras.utils.PyDataset`` over these samples; see :class:`shapeseg.datasets.feed.Feed`."""
        from shapeseg.datasets.feed import Feed

        return Feed(self, batch_size, **options)

    def refuse_damage(self, progress: Progress = no_progress) -> None:
        """Raises an InputError when the image or mask of any sample is missing, unreadable or not what its row names."""
        if not self.has_recipes:
            self.survey(progress)
            return
        damaged = []
        for row in self.rows:
            damaged += [row[role] for role in ("image", "mask") if not is_as_named(self.folder, row, role)]
            progress(1)
        if damaged:
            raise InputError(
                f"{len(damaged)} files of {self.folder} are damaged or missing",
                received=", ".join(damaged[:3]),
                fix=f"See: python -m shapeseg verify {self.folder}",
            )

    def survey(self, progress: Progress = no_progress) -> list[Seen]:
        """Reads every image and mask of the user's own data in full, and returns what was seen of each pair."""
        return survey(self.folder, self.rows, self.description, progress)

    def refuse_unknown_target(self, target: Target) -> None:
        """Raises an InputError when ``target`` is ``"amodal"`` and no recipe determines whole rectangles."""
        if target == "amodal" and not self.has_recipes:
            raise InputError(
                "whole rectangles are unknown without recipes",
                received=self.folder,
                fix="Name a dataset made by shapeseg, or train and measure --target visible",
            )

    def digest(self) -> str:
        """SHA-256 that names this version of the dataset, files included."""
        return self.manifest.digest()


def _refuse_other_folders(folder: Path) -> None:
    """Raises an InputError of a folder that holds something else than a dataset."""
    if folder.is_dir() and not (folder / MANIFEST).exists() and any(folder.iterdir()):
        fix = (
            f"For images of your own, name their folders {IMAGES}/ and {MASKS}/; for other formats see shapeseg convert --help"
        )
        raise InputError("there is no dataset here", received=what_is_here(folder), fix=fix)
