"""``predict``: a saved model and images of any kind in; masks, overlays and what was found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import tyro

from shapeseg.commands.command_line import CommonOptions, run, say
from shapeseg.commands.keras_backend import Device
from shapeseg.commands.progress import progress_bar
from shapeseg.errors import InputError, UsageError

if TYPE_CHECKING:
    from shapeseg.commands.open_model import OpenedModel
    from shapeseg.commands.predict_files import Job
    from shapeseg.datasets.foreign_images import ForeignImage


@dataclass(frozen=True)
class PredictOptions(CommonOptions):
    """Segment images: for each a mask, an overlay, and a JSON file with box, area and score of every connected part."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file, or an exported one with --runtime."""
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Images (PNG, JPEG, BMP, TIFF, WebP), and folders of images."""
    out: Path = Path("predictions")
    """Folder to write."""
    overwrite: bool = False
    """Replace predictions that are there; an image is never replaced."""
    threshold: float | None = None
    """Probability from which a pixel counts as rectangle; by default the one in the model's card, chosen on val."""
    batch_size: int = 16
    """Most images predicted at once; images of unlike sizes never are."""
    runtime: Literal["keras", "onnx", "openvino"] = "keras"
    """What runs the model: Keras; ONNX Runtime or OpenVINO for a .onnx file, OpenVINO for a .xml file, on the CPU."""
    device: Device = "auto"
    """Where to compute, in Keras."""
    trust_model: bool = False
    """Load a model without a card of its own by plain Keras, in its safe mode."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise UsageError("threshold must be between 0 and 1", received=f"threshold={self.threshold}", fix="Try 0.5")
        if self.batch_size < 1:
            raise UsageError("batch_size must be 1 or more", received=f"batch_size={self.batch_size}", fix="Try 16")


def predict(options: PredictOptions) -> int:
    """Predicts and writes everything, says what went wrong, and returns the exit code: 3 when an image could not be used."""
    if options.model is None or not options.paths:
        raise UsageError(
            "predict takes a model and images", received=options.model or "neither", fix="Name both: predict MODEL PATHS"
        )
    from shapeseg.commands.open_model import open_export, open_model
    from shapeseg.commands.predict_files import find_images, make_folder, plan, refuse_existing

    sources, errors = find_images(options.paths)
    jobs = plan(sources, options.out)
    refuse_existing(jobs, overwrite=options.overwrite)
    if options.runtime == "keras":
        model = open_model(options.model, device=options.device, trust=options.trust_model)
    else:
        model = open_export(options.model, options.runtime, trust=options.trust_model)
    if jobs:
        make_folder(options.out)

    warnings: list[str] = []
    written = 0
    with progress_bar("predicting", len(jobs), "image") as progress:

        def fail(error: InputError) -> None:
            errors.append(error)
            progress(1)

        for batch in _batches(_read(jobs, fail), options.batch_size):
            warnings += _predict_batch(model, batch, options.threshold or model.threshold)
            written += len(batch)
            progress(len(batch))
    for warning in warnings:
        say("warning", warning)
    for error in errors:
        say("error", str(error))
    print(f"wrote     {written} of {len(jobs)} images, each as mask, overlay and JSON, into {options.out}")
    return InputError.exit_code if errors else 0


class _Work(NamedTuple):
    job: Job
    image: ForeignImage


def _read(jobs: Sequence[Job], fail: Callable[[InputError], object]) -> Iterator[_Work]:
    from shapeseg.datasets.foreign_images import read_foreign

    for job in jobs:
        try:
            yield _Work(job, read_foreign(job.source))
        except InputError as error:
            fail(error)


def _batches(works: Iterator[_Work], batch_size: int) -> Iterator[list[_Work]]:
    """Joins neighbours of one size, as many as are asked for and fit."""
    from shapeseg.evaluation.tiles import MAX_PIXELS

    batch: list[_Work] = []
    for work in works:
        shape = work.image.pixels.shape
        fits = (len(batch) + 1) * shape[0] * shape[1] <= MAX_PIXELS
        if batch and (batch[0].image.pixels.shape != shape or len(batch) == batch_size or not fits):
            yield batch
            batch = []
        batch.append(work)
    if batch:
        yield batch


def _predict_batch(model: OpenedModel, batch: Sequence[_Work], threshold: float) -> list[str]:
    """Predicts images of one size, writes what belongs to each, and returns what there is to tell."""
    import numpy as np

    from shapeseg.commands.predict_files import write
    from shapeseg.evaluation.components import connected_components
    from shapeseg.reporting.overlay import overlay

    images = [work.image.pixels for work in batch]
    notes = []
    for (job, image), probability in zip(batch, model.predict(np.stack(images)), strict=True):
        mask = probability >= threshold
        told = image.notes + model.notes(image.pixels.shape)
        notes += [f"{job.source}: {note}" for note in told]
        found: dict[str, Any] = {
            "source": str(job.source),
            "width": mask.shape[1],
            "height": mask.shape[0],
            "model": str(model.path),
            "model_sha256": model.sha256,
            "runtime": model.runtime,
            "threshold": threshold,
            "notes": told,
            "components": [part._asdict() for part in connected_components(probability, threshold)],
        }
        write(job, mask, overlay(image.pixels, mask), found)
    return notes


def _command(options: PredictOptions) -> int:
    return predict(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(PredictOptions, _command, argv, prog)
