"""Prediction: a saved model and images of any kind in; masks, overlays and what was found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shapeseg.datasets.foreign_images import ForeignImage, read_foreign
from shapeseg.datasets.windows import MAX_PIXELS
from shapeseg.errors import InputError, UsageError
from shapeseg.evaluation.components import connected_components
from shapeseg.folders import make_folder, writer_lock
from shapeseg.inference.opened_model import OpenedModel, open_export, open_model
from shapeseg.reporting.pixels import overlay
from shapeseg.terminal import progress_bar, say
from shapeseg.workflows.predict_files import Job, find_images, plan, refuse_existing, write
from shapeseg.workflows.predict_options import PredictOptions


def predict(options: PredictOptions) -> int:
    """Predicts and writes everything, says what went wrong, and returns the exit code: 3 when an image could not be used."""
    if options.model is None or not options.paths:
        raise UsageError(
            "predict needs a model and images", received=options.model or "neither", fix="Name both: predict MODEL PATHS"
        )
    sources, errors = find_images(options.paths)
    jobs = plan(sources, options.out)
    refuse_existing(jobs, overwrite=options.overwrite)
    if options.runtime == "keras":
        model = open_model(options.model, device=options.device, trust=options.trust_model)
    else:
        model = open_export(options.model, options.runtime, trust=options.trust_model)
    written = 0
    if jobs:
        with writer_lock(make_folder(options.out)):
            refuse_existing(jobs, overwrite=options.overwrite)
            written = _predict_all(options, model, jobs, errors)
    for error in errors:
        say("error", str(error))
    print(f"wrote     {written} of {len(jobs)} images, each as mask, overlay and JSON, into {options.out}")
    return InputError.exit_code if errors else 0


def _predict_all(options: PredictOptions, model: OpenedModel, jobs: Sequence[Job], errors: list[InputError]) -> int:
    """Predicts and writes every image that can be read, and returns how many; of the others, ``errors`` says why."""
    warnings: list[str] = []
    written = 0
    with progress_bar("predicting", len(jobs), "image") as progress:

        def fail(error: InputError) -> None:
            errors.append(error)
            progress(1)

        bits = model.own.image_bits or 16
        for batch in _batches(_read(jobs, options.paths, bits, fail), options.batch_size):
            warnings += _predict_batch(model, batch, options.threshold or model.threshold)
            written += len(batch)
            progress(len(batch))
    for warning in warnings:
        say("warning", warning)
    return written


class _Work(NamedTuple):
    job: Job
    image: ForeignImage


def _read(jobs: Sequence[Job], named: Sequence[Path], bits: int, fail: Callable[[InputError], object]) -> Iterator[_Work]:
    for job in jobs:
        try:
            yield _Work(job, read_foreign(job.source, follow=job.source in named, bits=bits))
        except InputError as error:
            fail(error)


def _batches(works: Iterator[_Work], batch_size: int) -> Iterator[list[_Work]]:
    """Joins neighbours of one size, as many as are asked for and fit."""
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
    """Predicts images of one size, writes what belongs to each, and returns the notes about it."""
    images = [work.image.pixels for work in batch]
    notes = []
    for (job, image), probability in zip(batch, model.probabilities(np.stack(images)), strict=True):
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
