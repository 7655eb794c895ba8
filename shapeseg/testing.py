"""Does your trainer learn? Small, exact, seeded scenes for the test suites of other projects.

Images are 64 x 64 and hold 2 to 4 rectangles and ellipses of 10 to 24 pixels that may overlap; the target is the visible
rectangles. A network of 20,000 weights reaches an IoU of 0.9 on 300 images within seconds; marking every shape gives
0.5 to 0.6.

>>> from shapeseg import testing
>>> images, masks = testing.arrays(20, seed=0)
>>> images.shape, images.dtype.name, masks.shape, masks.dtype.name
((20, 64, 64, 3), 'uint8', (20, 64, 64, 1), 'uint8')

A test trains on one seed and asks about another. The first model here knows the answers, the second marks every shape:

>>> unseen, truth = testing.arrays(20, seed=1)
>>> testing.assert_learned(truth, truth)
1.0
>>> testing.assert_learned(truth, (unseen != 255).any(axis=-1, keepdims=True))
Traceback (most recent call last):
    ...
AssertionError: the rectangle IoU is 0.5850 over 20 images, expected 0.8 or more

Any field of :class:`shapeseg.scenes.SceneSettings` changes the scenes: ``arrays(20, max_occlusion=0.0)``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.dataset import Sample
from shapeseg.errors import UsageError
from shapeseg.evaluation.counts import count, pooled
from shapeseg.scenes import SceneSettings, sample_scene

if TYPE_CHECKING:
    from torch.utils.data import TensorDataset

    from shapeseg.datasets.feed import Feed


def small_scenes(size: int = 64, **scene: Any) -> SceneSettings:
    """Returns the settings that everything here draws with: small scenes, but for the fields that ``scene`` names.

    Raises:
        UsageError: If a value is out of range.
    """
    usual = {"width": size, "height": size, "min_instances": 2, "max_instances": 4, "min_size": 10, "max_size": 24}
    return SceneSettings(**(usual | scene))


def make_dataset(folder: str | Path, num_images: int = 100, seed: int = 0, size: int = 64, **scene: Any) -> Dataset:
    """Writes a dataset to ``folder``, which must not exist or be empty, and opens it. Ten images or more hold every split.

    Raises:
        UsageError: If the folder is in use, or a value is out of range.
    """
    settings = DatasetSettings(scene=small_scenes(size, **scene))
    create_dataset(Path(folder), num_images=num_images, seed=seed, settings=settings, workers=0)
    return Dataset(folder)


def arrays(num_images: int, seed: int = 0, size: int = 64, **scene: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draws images and masks in memory: those that :func:`make_dataset` writes for the same arguments.

    Returns:
        Images, uint8 (N, H, W, 3), RGB, 0 to 255, and masks, uint8 (N, H, W, 1), 1 on visible rectangles and 0 elsewhere.

    Raises:
        UsageError: If a value is out of range.
    """
    _, images, masks = zip(*_samples(num_images, seed, small_scenes(size, **scene)), strict=True)
    return np.stack(images), np.stack(masks)[..., None]


def keras_feed(num_images: int, seed: int = 0, size: int = 64, *, batch_size: int = 8, **scene: Any) -> Feed:
    """Draws scenes in memory and serves them as a ``keras.utils.PyDataset``, by index.

    Each item is ``(images, masks)``, as :func:`arrays` gives them, ``batch_size`` at a time; the last batch is smaller when it
    must be.

    Raises:
        UsageError: If a value is out of range.
    """
    from shapeseg.datasets.feed import Feed

    settings = small_scenes(size, **scene)
    return Feed(_InMemory(_samples(num_images, seed, settings), settings), batch_size)


class _InMemory:
    """Drawn samples as a feed's source: it gets no scenes, so masks stay zeros and ones."""

    def __init__(self, samples: list[Sample], settings: SceneSettings) -> None:
        self.samples = samples
        self.settings = settings
        self.rule = None

    def __len__(self) -> int:
        return len(self.samples)

    def index_of(self, place: int, _epoch: int) -> int:
        return place

    def scene_of(self, _place: int, _epoch: int) -> None:
        return None

    def stored(self, place: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return self.samples[place].image, self.samples[place].mask


def torch_dataset(num_images: int, seed: int = 0, size: int = 64, **scene: Any) -> TensorDataset:
    """Draws scenes in memory as a ``torch.utils.data.Dataset``.

    Each item is ``(image, mask)``: float32 (3, H, W), RGB, 0 to 1, and float32 (1, H, W), 1 on visible rectangles.

    Raises:
        UsageError: If a value is out of range.
    """
    import torch

    images, masks = (torch.from_numpy(array).permute(0, 3, 1, 2) for array in arrays(num_images, seed, size, **scene))
    return torch.utils.data.TensorDataset(images.contiguous() / 255, masks.contiguous().float())


def assert_learned(truth: ArrayLike, predicted: ArrayLike, at_least: float = 0.8) -> float:
    """Returns the rectangle IoU, pooled over all images, when it is high enough.

    Both are masks, bool or integers, 0 where there is no rectangle, of one shape whose first axis counts the images.
    Probabilities become masks by a threshold: ``probabilities > 0.5``. No model can reach 1.0: where a rectangle and an
    ellipse of one colour overlap, nothing in the image shows which is in front. The best possible is about 0.99.

    Raises:
        AssertionError: If the IoU is below ``at_least``, or undefined as there is no rectangle in truth or prediction.
        ValueError: If the shapes differ, or a mask holds fractions.
    """
    true_masks, predicted_masks = _as_masks("truth", truth), _as_masks("predicted", predicted)
    if true_masks.shape != predicted_masks.shape:
        raise ValueError(f"truth and predicted must have one shape. Received: {true_masks.shape}, {predicted_masks.shape}.")
    iou = pooled(map(count, true_masks, predicted_masks)).iou
    if iou is None or iou < at_least:
        measured = "undefined" if iou is None else f"{iou:.4f}"
        raise AssertionError(f"the rectangle IoU is {measured} over {len(true_masks)} images, expected {at_least} or more")
    return iou


def _samples(num_images: int, seed: int, settings: SceneSettings) -> list[Sample]:
    if num_images < 1:
        raise UsageError("there must be 1 image or more", received=f"num_images={num_images}", fix="Ask for at least 1")
    truths = [sample_scene(settings, seed=seed, index=index).render() for index in range(num_images)]
    return [Sample({"index": index}, truth.image, truth.target().view(np.uint8)) for index, truth in enumerate(truths)]


def _as_masks(name: str, masks: ArrayLike) -> NDArray[np.bool_]:
    array = np.asarray(masks)
    if array.dtype.kind not in "biu":
        raise ValueError(f"{name} must be bool or integers. Received: {array.dtype}. Compare probabilities with a threshold.")
    return array != 0
