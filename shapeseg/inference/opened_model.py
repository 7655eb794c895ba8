"""A saved model, opened: its predictor, and what its card says about how to use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shapeseg.card_files import model_file, not_known_to_be_whole, read_model_bytes
from shapeseg.datasets.sizes import Sizes
from shapeseg.datasets.windows import MAX_PIXELS, WINDOW
from shapeseg.description import Description
from shapeseg.environment import Device, prepare_keras, require_packages
from shapeseg.errors import InputError, ModelRefusedError, UsageError
from shapeseg.inference.export_card import digests, export_card_path, read_export_card
from shapeseg.inference.predictor import Predictor, check_model, check_predicts, probabilities
from shapeseg.inference.runtimes import PACKAGES, Runtime, open_exported
from shapeseg.inference.tiles import measure_reach, probabilities_in_tiles

if TYPE_CHECKING:
    from shapeseg.models import Card
    from shapeseg.scenes.scene import Target

_UNKNOWN_STRIDE = 32


@dataclass(frozen=True)
class OpenedModel:
    """A model that is ready to predict.

    Attributes:
        predictor: What computes; of a ``.keras`` file, its ``keras.Model``.
        stride: What it needs height and width to be multiples of.
        threshold: Probability from which a pixel counts as rectangle.
        target: What it was trained to find.
        path: Its file.
        sha256: SHA-256 of that file.
        card: What was saved next to a ``.keras`` file; None when there is no card, or one of another file.
        runtime: What computes, by name.
        resize: Pixels of the longer side of the images that it was trained on; others are scaled for it, and what it says of
            them is scaled back. None takes images as they are.
        own: The description of the user's own data that it was trained on.
    """

    predictor: Predictor
    stride: int = _UNKNOWN_STRIDE
    threshold: float = 0.5
    target: Target = "visible"
    path: Path = Path()
    sha256: str = ""
    card: Card | None = None
    runtime: str = "keras"
    resize: int | None = None
    own: Description = Description()

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Predicts images of one size, uint8 (B, H, W, 3); large ones in tiles. Returns float32 (B, H, W), 0 to 1."""
        sizes = Sizes(resize=self.resize)
        if sizes.scaled_size(*images.shape[1:3]) == images.shape[1:3]:
            return self._probabilities(images)
        found = self._probabilities(np.stack([sizes.scaled(image) for image in images]))
        return np.stack([sizes.restored(each, *images.shape[1:3]) for each in found])

    def _probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Predicts images that are scaled already."""
        if not _is_large(images.shape[1:]):
            return probabilities(self.predictor, images, stride=self.stride)
        margin = WINDOW // 4 if self._reach is None else self._reach
        return np.stack([probabilities_in_tiles(self.predictor, image, stride=self.stride, margin=margin) for image in images])

    def notes(self, shape: tuple[int, ...]) -> list[str]:
        """Returns notes about predicting an image of this shape, (H, W, 3)."""
        if _is_large(Sizes(resize=self.resize).scaled_size(*shape[:2])) and self._reach is None:
            return ["it was predicted in tiles by a model that looks at whole images, so seams may show"]
        return []

    @cached_property
    def _reach(self) -> int | None:
        return measure_reach(self.predictor, stride=self.stride)


def _is_large(shape: tuple[int, ...]) -> bool:
    return shape[0] * shape[1] > MAX_PIXELS


def open_model(path: Path, *, device: Device = "auto", trust: bool = False) -> OpenedModel:
    """Opens a ``.keras`` file, which may be named by the folder of its run.

    Raises:
        InputError: If there is none.
        ModelRefusedError: If it is not known to be whole, or is not a model from images to one probability a pixel.
    """
    prepare_keras(device=device)
    from shapeseg.models import load_with_card

    path = model_file(path)
    model, digest, card = load_with_card(path, trust=trust)
    check_model(model)
    if card is None:
        check_predicts(model, stride=_UNKNOWN_STRIDE)  # nothing is known of a model that was only trusted
        return OpenedModel(model, path=path, sha256=digest)
    trained, stride = card.trained_on, card.architecture.stride
    opened = OpenedModel(model, stride, card.threshold, trained.target, path, digest, card)
    return replace(opened, resize=trained.resize, own=trained.own)


def open_export(path: Path, runtime: Runtime, *, trust: bool = False) -> OpenedModel:
    """Opens an exported model, ``.onnx`` or (in OpenVINO) ``.xml``, without Keras and torch.

    Raises:
        InputError: If there is none.
        NotInstalledError: If the runtime is not installed.
        UsageError: If the runtime does not run such files.
        ModelRefusedError: If it is not known to be whole, or is not a model from images to one probability a pixel.
    """
    suffixes = {".onnx": (".onnx",), ".xml": (".xml", ".bin")}.get(path.suffix, ())
    if not suffixes or (path.suffix == ".xml" and runtime != "openvino"):
        fix = f"Make one with: python -m shapeseg export MODEL --format {runtime}"
        raise UsageError(f"{runtime} does not run such files", received=path, fix=fix)
    require_packages(PACKAGES[runtime], f"--runtime {runtime}")
    files = {suffix: path.with_suffix(suffix) for suffix in suffixes}
    if missing := [each for each in files.values() if not each.exists()]:
        raise InputError("there is no such model", received=missing[0], fix="Make one with: python -m shapeseg export MODEL")
    contents = {suffix: read_model_bytes(each) for suffix, each in files.items()}
    card = read_export_card(path)
    if (card is None or digests(contents) != card.sha256) and not trust:
        raise not_known_to_be_whole(
            path,
            card,
            export_card_path(path).name,
            fix="Export it again, or pass --trust-model if you know where it comes from",
        )
    try:
        predictor = open_exported(runtime, contents)
    except MemoryError:
        raise
    except Exception as error:  # each runtime has kinds of its own for files that are none
        reason = " ".join(str(error).split())[:200]
        raise ModelRefusedError(f"{runtime} refuses the model ({reason})", received=path, fix="Export it again") from error
    check_model(predictor)
    stride, threshold = (card.stride, card.threshold) if card else (_UNKNOWN_STRIDE, 0.5)
    if trust:
        check_predicts(predictor, stride=stride)
    opened = OpenedModel(predictor, stride, threshold, path=path, sha256=digests(contents)[path.suffix], runtime=runtime)
    return replace(opened, target=card.target, resize=card.resize, own=card.own) if card else opened
