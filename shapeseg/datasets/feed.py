"""The Keras feed: batches of examples for ``fit`` and ``evaluate``. The one file of this room that imports keras."""

from __future__ import annotations

import math

import keras
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.augmentation import Augmentation, augment, paste
from shapeseg.datasets.examples import ExampleSource, example_of, same_size
from shapeseg.errors import UsageError
from shapeseg.scenes.scene import Target
from shapeseg.scenes.streams import Stream, permutation, words
from shapeseg.settings import check_seed

Pixels = NDArray[np.uint8]


class Feed(keras.utils.PyDataset):
    """Batches of images and label maps, the last one smaller when it must be.

    Each item is ``(images, labels)``: uint8 (B, H, W, 3), RGB, 0 to 255, and uint8 (B, H, W, 1), as of :mod:`shapeseg.labels`.
    Where recipes are known, scenes are rendered again: that is about as fast as decoding files, and knows what is ambiguous.

    Args:
        source: The examples, in order.
        batch_size: 1 or more; larger than the source is one batch.
        shuffle_seed: Shuffles examples by (shuffle_seed, epoch); None keeps their order. Pass ``shuffle=False`` to ``fit``,
            whose own shuffle only permutes whole batches.
        augmentation: What to do to each example, by (shuffle_seed, epoch, index).
        target: ``"visible"`` rectangle pixels, or ``"amodal"`` for whole rectangles.
        shard: ``(place, of)``: serve this one of so many equal parts of every batch, to train in several processes. Examples
            that do not fill a batch are then left out.
        devices: How many devices share what is served; with several, examples that do not fill a batch are left out, too.

    Attributes:
        epoch: The epoch that is served; set it before the epoch begins.
    """

    def __init__(
        self,
        source: ExampleSource,
        batch_size: int = 8,
        *,
        shuffle_seed: int | None = None,
        augmentation: tuple[Augmentation, ...] = (),
        target: Target = "visible",
        shard: tuple[int, int] = (0, 1),
        devices: int = 1,
    ) -> None:
        super().__init__()
        shares = shard[1] * devices
        if batch_size < 1 or batch_size % shares:
            sharing = f"{devices} devices" if devices > 1 else f"{shares} processes"
            what = "batch_size must be 1 or more" if batch_size < 1 else f"{sharing} must share a batch equally"
            raise UsageError(what, received=f"batch_size={batch_size}", fix=f"Choose a multiple of {shares}")
        if shares > 1 and len(source) < batch_size:
            raise UsageError(
                "a batch that is shared must be full, and there are too few examples",
                received=f"batch_size={batch_size}, {len(source)} examples",
                fix="Choose a smaller batch_size",
            )
        if shuffle_seed is not None:
            check_seed(shuffle_seed, "shuffle_seed")
        if augmentation and shuffle_seed is None:
            raise UsageError("augmentation needs a seed", received="shuffle_seed=None", fix="Give shuffle_seed a number")
        self.source = source
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.augmentation = augmentation
        self.target = target
        self.shard = shard
        self.whole_batches_only = shares > 1
        self.epoch = 0
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        batches = len(self.source) / self.batch_size
        return math.floor(batches) if self.whole_batches_only else math.ceil(batches)

    def __getitem__(self, batch: int) -> tuple[Pixels, Pixels]:
        epoch = self.epoch
        places = self._places(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]
        part, of = self.shard
        size = len(places) // of
        images, labels = zip(*(self._example(place, epoch) for place in places[part * size : (part + 1) * size]), strict=True)
        same_size(image.shape for image in images)
        return np.stack(images), np.stack(labels)[..., None]

    def _places(self, epoch: int) -> list[int]:
        """Returns the order of an epoch, which is worked out once."""
        if self._order[0] != epoch:
            places = list(range(len(self.source)))
            if self.shuffle_seed is not None:
                places = permutation(words(self.shuffle_seed, Stream.SHUFFLE, epoch, len(places)), places)
            self._order = (epoch, places)
        return self._order[1]

    def _example(self, place: int, epoch: int) -> tuple[Pixels, Pixels]:
        scene = self.source.scene_of(place, epoch)
        seed, index = self.shuffle_seed or 0, self.source.index_of(place, epoch)
        if scene is None:
            image, labels = self.source.stored(place)
        else:
            if "paste" in self.augmentation:
                scene = paste(scene, self.source.settings, seed=seed, epoch=epoch, index=index)
            image, labels = example_of(scene, self.target)
        if self.augmentation:
            return augment(image, labels, self.augmentation, seed=seed, epoch=epoch, index=index)
        return image, labels
