"""The Keras feed: batches of a dataset for ``fit`` and ``evaluate``. The one file of this room that imports keras."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import keras
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.augmentation import augment
from shapeseg.errors import InputError, UsageError
from shapeseg.scenes.streams import MAX_SEED, Stream, permutation, words

if TYPE_CHECKING:
    from shapeseg.datasets.dataset import Dataset


class Feed(keras.utils.PyDataset):
    """Batches of images and masks, the last one smaller when it must be.

    Each item is ``(images, masks)``: uint8 (B, H, W, 3), RGB, 0 to 255, and uint8 (B, H, W, 1), 1 on target pixels.

    Args:
        dataset: The samples, in order.
        batch_size: 1 or more; larger than the dataset is one batch.
        shuffle_seed: Shuffles samples by (shuffle_seed, epoch); None keeps their order. Pass ``shuffle=False`` to ``fit``,
            whose own shuffle only permutes whole batches.
        augmented: Mirrors, turns and recolours each sample by (shuffle_seed, epoch, index).

    Attributes:
        epoch: The epoch whose order and augmentation is served; set it before the epoch begins.
    """

    def __init__(
        self, dataset: Dataset, batch_size: int = 8, *, shuffle_seed: int | None = None, augmented: bool = False
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise UsageError("batch_size must be 1 or more", received=f"batch_size={batch_size}", fix="Choose such a value")
        if shuffle_seed is not None and not 0 <= shuffle_seed <= MAX_SEED:
            raise UsageError("a seed is from 0 to 2**64 - 1", received=f"seed={shuffle_seed}", fix="Choose such a value")
        if augmented and shuffle_seed is None:
            raise UsageError("augmentation needs a seed", received="shuffle_seed=None", fix="Give shuffle_seed a number")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.augmented = augmented
        self.epoch = 0

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / self.batch_size)

    def __getitem__(self, batch: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        places = self._order()[batch * self.batch_size : (batch + 1) * self.batch_size]
        images, masks = zip(*map(self._sample, places), strict=True)
        shapes = {image.shape for image in images}
        if len(shapes) > 1:
            raise InputError(
                "images of one batch must have one size", received=sorted(shapes), fix="Resize them, or use --batch-size 1"
            )
        return np.stack(images), np.stack(masks)[..., None]

    def _order(self) -> list[int]:
        places = list(range(len(self.dataset)))
        if self.shuffle_seed is None:
            return places
        return permutation(words(self.shuffle_seed, Stream.SHUFFLE, self.epoch, len(places)), places)

    def _sample(self, place: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        row, image, mask = self.dataset[place]
        mask = np.minimum(mask, 1)
        if self.augmented and self.shuffle_seed is not None:
            return augment(image, mask, seed=self.shuffle_seed, epoch=self.epoch, index=row["index"])
        return image, mask
