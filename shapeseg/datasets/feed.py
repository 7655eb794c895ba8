"""The Keras feed: batches of examples for ``fit`` and ``evaluate``. The one file of this room that imports keras."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets.augmentation import Augmentation, augment, paste
from shapeseg.datasets.examples import ExampleSource
from shapeseg.datasets.lessons import Form, lesson, not_there, stored_lesson
from shapeseg.datasets.sizes import Sizes
from shapeseg.errors import InputError, UsageError
from shapeseg.scenes.rule import Rule
from shapeseg.scenes.scene import Target
from shapeseg.scenes.streams import Stream, permutation, words
from shapeseg.settings import check_range, check_seed
from shapeseg.value_types import check_type

Pixels = NDArray[np.uint8]

_AS_THEY_ARE = Sizes()


class Feed(keras.utils.PyDataset):
    """Batches for anybody's ``fit``, ``evaluate`` and ``predict``, the last one smaller when it must be.

    Each item is ``(images, masks)``: uint8 (B, H, W, 3), RGB, 0 to 255, and uint8 (B, H, W, 1) of 0 and 1. Plain ``fit`` sees
    a new order and new augmentation in every epoch. Where recipes are known, scenes are rendered again: that is about as fast
    as decoding files, and knows what is ambiguous.

    Args:
        source: The examples, in order.
        batch_size: 1 or more; larger than the source is one batch.
        labels: ``"mask"``; or ``"probability"``, float32 (B, H, W, 1), the exact probability of rectangle, and the label that
            was drawn where it is unknown; for our loss ``"codes"``, uint8 (B, H, W, 1), of :mod:`shapeseg.labels`, or
            ``"codes+probability"``, float32 (B, H, W, 2), with NaN where the probability is unknown.
        weights: Add a third array, float32 (B, H, W): 0 for pixels that do not count, 1 for all others. Those of ignored
            shapes do not; nor, in masks, ambiguous ones; nor, in probabilities, those whose probability is unknown.
        shuffle_seed: Shuffles examples by (shuffle_seed, epoch); None keeps their order. ``fit`` shuffles batches on top.
        augmentation: What to do to each example, by (shuffle_seed, epoch, index).
        target: ``"visible"`` rectangle pixels, or ``"amodal"`` for whole rectangles.
        sizes: Scales images, crops patches by (shuffle_seed, epoch, index), and pads batches; what is padded has weight 0. By
            default images stay as they are, and those of one batch that differ are padded to the largest of them.
        shard: ``(place, of)``: serve this one of so many equal parts of every batch, to train in several processes. Examples
            that do not fill a batch are then left out.
        devices: How many devices share what is served; with several, examples that do not fill a batch are left out, too.
        workers: Threads that read or draw the examples of a batch; they do not change what is served.
        use_multiprocessing: Taken, as ``keras.utils.PyDataset`` takes it, and of no effect: threads are enough.

    Attributes:
        epoch: The epoch that is served. It moves on when Keras ends one, before the next begins; set it to begin elsewhere.

    Raises:
        UsageError: If a number is out of range, or probabilities are asked for that are not known, or of scenes whose pasted
            shapes would make them others; if patches are asked for without a seed; or if ``sizes`` or ``"scale"`` are without
            weights or codes, which mark what is padded.
    """

    def __init__(
        self,
        source: ExampleSource,
        batch_size: int = 8,
        *,
        labels: Form = "mask",
        weights: bool = False,
        shuffle_seed: int | None = None,
        augmentation: tuple[Augmentation, ...] = (),
        target: Target = "visible",
        sizes: Sizes = _AS_THEY_ARE,
        shard: tuple[int, int] = (0, 1),
        devices: int = 1,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> None:
        super().__init__(workers=workers, use_multiprocessing=use_multiprocessing)
        for name, value, hint in (
            ("batch_size", batch_size, int),
            ("labels", labels, Form),
            ("shuffle_seed", shuffle_seed, int | None),
            ("augmentation", augmentation, tuple[Augmentation, ...]),
            ("target", target, Target),
        ):
            check_type(name, value, hint)
        shares = shard[1] * devices
        if batch_size < 1 or batch_size % shares:
            sharing = f"{devices} devices" if devices > 1 else f"{shares} processes"
            what = "batch_size must be 1 or more" if batch_size < 1 else f"{sharing} must share a batch equally"
            raise UsageError(what, received=f"batch_size={batch_size}", fix=f"Choose a multiple of {shares}")
        if shares > 1 and len(source) < batch_size:
            raise UsageError(
                "a shared batch must be full, and there are too few examples",
                received=f"batch_size={batch_size}, {len(source)} examples",
                fix="Choose a smaller batch_size",
            )
        if shuffle_seed is not None:
            check_seed(shuffle_seed, "shuffle_seed")
        if augmentation and shuffle_seed is None:
            raise UsageError("augmentation needs a seed", received="shuffle_seed=None", fix="Give shuffle_seed a number")
        if weights and labels.startswith("codes"):
            raise UsageError(
                "codes already say which pixels count", received=f"labels={labels!r}, weights=True", fix="Leave weights out"
            )
        if labels.endswith("probability"):
            _check_probabilities(source.rule, augmentation)
        self._tells_padding = weights or labels.startswith("codes")
        pads = sizes != _AS_THEY_ARE or "scale" in augmentation  # what is shown smaller needs more than its image has
        if pads and not self._tells_padding:
            received = f"{sizes}, augmentation={' '.join(augmentation)}, weights=False"
            raise UsageError("padded pixels must be marked", received=received, fix="Add weights=True")
        if sizes.crop and shuffle_seed is None:
            raise UsageError("patches need a seed", received=f"{sizes}, shuffle_seed=None", fix="Give shuffle_seed a number")
        self.source = source
        self.labels = labels
        self.weights = weights
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.augmentation = augmentation
        self.target = target
        self.sizes = sizes
        self.shard = shard
        self.whole_batches_only = shares > 1
        self.epoch = 0
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        batches = len(self.source) / self.batch_size
        return math.floor(batches) if self.whole_batches_only else math.ceil(batches)

    @property
    def workers(self) -> int:
        """One, for Keras: of more it would make a queue that carries batches of one epoch over into the next (3.15.1)."""
        return 1

    @workers.setter
    def workers(self, threads: int) -> None:
        check_range("workers", threads, least=0)
        self._workers = threads

    @property
    def use_multiprocessing(self) -> bool:
        """Never, for Keras; see ``workers``."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, _wanted: bool) -> None:
        pass

    def on_epoch_end(self) -> None:
        """Moves on to the next epoch; workers of the next one start after this."""
        self.epoch += 1

    def __getitem__(self, batch: int) -> tuple[NDArray[Any], ...]:
        epoch = self.epoch
        places = self._places(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]
        part, of = self.shard
        size = len(places) // of
        images, lessons = zip(*self._examples(places[part * size : (part + 1) * size], epoch), strict=True)
        if not self._tells_padding:
            _same_size(images)
        joined, taught = self.sizes.joined(images, lessons, self._not_there)
        if not self.weights:
            return joined, taught
        return joined, taught[..., :1], taught[..., 1].astype(np.float32)

    @property
    def _not_there(self) -> tuple[float, ...]:
        return not_there(self.labels, weights=self.weights)

    def _places(self, epoch: int) -> list[int]:
        """Returns the order of an epoch, which is worked out once."""
        if self._order[0] != epoch:
            places = list(range(len(self.source)))
            if self.shuffle_seed is not None:
                places = permutation(words(self.shuffle_seed, Stream.SHUFFLE, epoch, len(places)), places)
            self._order = (epoch, places)
        return self._order[1]

    def _examples(self, places: list[int], epoch: int) -> list[tuple[Pixels, NDArray[Any]]]:
        if self._workers < 2:
            return [self._example(place, epoch) for place in places]
        with ThreadPoolExecutor(self._workers) as threads:
            return list(threads.map(self._example, places, repeat(epoch)))

    def _example(self, place: int, epoch: int) -> tuple[Pixels, NDArray[Any]]:
        scene = self.source.scene_of(place, epoch)
        seed, index = self.shuffle_seed or 0, self.source.index_of(place, epoch)
        if scene is None:
            image, labels = self.source.stored(place)
            taught = stored_lesson(labels, self.labels, weights=self.weights)
        else:
            if "paste" in self.augmentation:
                scene = paste(scene, self.source.settings, seed=seed, epoch=epoch, index=index)
            truth = scene.render()
            image, taught = truth.image, lesson(truth, self.target, self.labels, weights=self.weights)
        image, taught = self.sizes.scaled(image), self.sizes.scaled_labels(taught)
        zoom = "scale" in self.augmentation
        if zoom or self.sizes.crop:
            image, taught = self.sizes.patch(image, taught, self._not_there, seed=seed, epoch=epoch, index=index, zoom=zoom)
        if self.augmentation:
            return augment(image, taught, self.augmentation, seed=seed, epoch=epoch, index=index)
        return image, taught


def _same_size(images: Sequence[Pixels]) -> None:
    """Raises an InputError unless images need no padding to be in one batch."""
    sizes = sorted({image.shape[:2] for image in images})
    if len(sizes) > 1:
        what = "images of one batch have several sizes, and plain masks cannot show what is padding"
        raise InputError(what, received=f"heights and widths {sizes[:3]}", fix="Add weights=True, or use batch_size=1")


def keeps_probabilities(rule: Rule, augmentation: tuple[Augmentation, ...]) -> bool:
    """Whether the exact probabilities of scenes are known after augmentation, too.

    A freely drawn scene with one more shape in front is a scene of that many shapes; one chosen by occlusion is not.
    """
    return not ("paste" in augmentation and rule.asks_for_occlusion)


def _check_probabilities(rule: Rule | None, augmentation: tuple[Augmentation, ...]) -> None:
    """Raises a UsageError unless the exact probabilities of scenes are known, also of those that augmentation makes."""
    if rule is None:
        raise UsageError(
            "probabilities are known only where it is known how scenes were chosen",
            received="a source without a rule",
            fix="Use masks, or a dataset made by generate",
        )
    if not keeps_probabilities(rule, augmentation):
        raise UsageError(
            "where scenes were chosen by occlusion, a shape pasted in front changes their probabilities",
            received=f"augmentation={' '.join(augmentation)}",
            fix="Leave paste out",
        )
