"""Export: a saved model in another format, compared with itself before it is written."""

from __future__ import annotations

import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from shapeseg import __version__, files
from shapeseg.card_files import model_file
from shapeseg.environment import prepare_keras, require_packages
from shapeseg.errors import ModelRefusedError, UsageError
from shapeseg.folders import make_folder, writer_lock
from shapeseg.inference.export import PACKAGES, SUFFIXES, export_contents
from shapeseg.inference.export_card import ExportCard, digests, export_card_path
from shapeseg.inference.predictor import Predictor, probabilities
from shapeseg.inference.runtimes import open_exported
from shapeseg.terminal import Progress, progress_lines
from shapeseg.workflows.options import ExportOptions

TOLERANCE = 1e-4  # of any probability


def export(options: ExportOptions) -> Path:
    """Exports, compares, and only then writes; returns the path."""
    if options.model is None:
        raise UsageError("export needs a model", received="none", fix="Name it: export MODEL --format onnx")
    if os.environ.get("KERAS_BACKEND") != "torch":
        raise UsageError("export runs on torch", received=os.environ.get("KERAS_BACKEND"), fix="Set KERAS_BACKEND=torch")
    kind, suffixes = options.format, SUFFIXES[options.format]
    path = model_file(options.model)
    out = options.out or path.with_suffix(suffixes[0])
    if out.suffix != suffixes[0]:
        fix = f"Name it {out.stem or 'model'}{suffixes[0]}"
        raise UsageError("the file must have this format's suffix", received=out, fix=fix)
    _refuse_existing(options, out)
    require_packages(PACKAGES[kind], f"--format {kind}")
    with progress_lines("exporting", 3, "step") as progress:
        return _export(options, path, out, progress)


def _export(options: ExportOptions, path: Path, out: Path, progress: Progress) -> Path:
    kind, suffixes = options.format, SUFFIXES[options.format]
    prepare_keras(device="cpu")
    from shapeseg.inference.opened_model import open_model

    model = open_model(path, device="cpu", trust=options.trust_model)
    progress(1)
    with writer_lock(make_folder(out.parent)):
        _refuse_existing(options, out)
        contents = export_contents(model.predictor, kind, stride=model.stride)
        progress(1)
        difference, compared = _compare(model.predictor, open_exported(kind, contents), model.stride)
        progress(1)
        print(f"parity    largest difference {difference:.1e} in {compared:,} probabilities, {TOLERANCE:.0e} allowed")
        if not difference <= TOLERANCE:
            raise ModelRefusedError(
                f"the exported model differs from the saved one by more than {TOLERANCE:.0e}",
                received=f"{difference:.1e}",
                fix="Use another --format",
            )
        for suffix, content in contents.items():
            files.write_bytes(out.with_suffix(suffix), content)
        ExportCard(
            sha256=digests(contents),
            stride=model.stride,
            threshold=model.threshold,
            model_sha256=model.sha256,
            model_card=asdict(model.card) if model.card else None,
            largest_difference=difference,
            compared=compared,
            resize=model.resize,
            own=model.own,
            versions={"shapeseg": __version__}
            | {package: version(package) for package in ("keras", "torch", *PACKAGES[kind])},
        ).write(out)
    size = sum(map(len, contents.values())) / 1e6
    written = ", ".join(str(out.with_suffix(suffix)) for suffix in suffixes)
    print(f"wrote     {written} ({size:.2f} MB) and {export_card_path(out)}")
    return out


def _refuse_existing(options: ExportOptions, out: Path) -> None:
    """Raises a UsageError when a file of an export is there and replacing it was not requested."""
    paths = [*(out.with_suffix(suffix) for suffix in SUFFIXES[options.format]), export_card_path(out)]
    there = [path for path in paths if os.path.lexists(path)]
    if there and not options.overwrite:
        raise UsageError("an export already exists", received=there[0], fix="Name another --out, or pass --overwrite")


def _compare(model: Predictor, exported: Predictor, stride: int) -> tuple[float, int]:
    """Returns the largest difference over golden images of two sizes and numbers, and how many probabilities it is of."""
    from shapeseg.models.golden import golden_images

    many = golden_images(4, stride=stride)
    differences = []
    for images in (many, many[:1, stride:, : 2 * stride]):
        expected, given = (probabilities(each, images, stride=stride) for each in (model, exported))
        differences.append(np.abs(expected - given).ravel())
    joined = np.concatenate(differences)
    return float(joined.max()), joined.size
