"""``export``: a saved model in another format, compared with itself before it is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from shapeseg import __version__, files
from shapeseg.commands.command_line import CommonOptions, run
from shapeseg.commands.keras_backend import prepare_keras
from shapeseg.commands.optional_packages import require_packages
from shapeseg.errors import ModelRefusedError, UsageError

if TYPE_CHECKING:
    import keras

    from shapeseg.evaluation.prediction import Predictor

Format = Literal["onnx", "openvino", "torch"]
TOLERANCE = 1e-4  # of any probability

_SUFFIXES: dict[Format, tuple[str, ...]] = {"onnx": (".onnx",), "openvino": (".xml", ".bin"), "torch": (".pt2",)}
PACKAGES: dict[Format, tuple[str, ...]] = {  # to write a format, and to run it once
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("onnx", "onnxscript", "openvino"),
    "torch": (),
}


@dataclass(frozen=True)
class ExportOptions(CommonOptions):
    """Write a saved model as ONNX, OpenVINO or torch program, for images of any number and size, with a card beside it."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file."""
    format: Format = "onnx"
    """onnx (.onnx), openvino (.xml and .bin) or torch (.pt2, for torch.export.load)."""
    out: Path | None = None
    """File to write; by default beside the model, with the format's suffix. Its card is FILE.json."""
    overwrite: bool = False
    """Replace an export that is there."""
    trust_model: bool = False
    """Load a model without a card of its own by plain Keras, in its safe mode."""


def export(options: ExportOptions) -> Path:
    """Exports, compares, and only then writes; returns the path."""
    if options.model is None:
        raise UsageError("export takes a model", received="none", fix="Name it: export MODEL --format onnx")
    if os.environ.get("KERAS_BACKEND") != "torch":
        raise UsageError("export runs on torch", received=os.environ.get("KERAS_BACKEND"), fix="Set KERAS_BACKEND=torch")
    prepare_keras(device="cpu")
    from shapeseg.commands.open_model import open_model
    from shapeseg.commands.predict_files import make_folder
    from shapeseg.evaluation.export_card import ExportCard, digests, export_card_path
    from shapeseg.evaluation.runtimes import open_exported
    from shapeseg.models import read_card

    kind = options.format
    suffixes = _SUFFIXES[kind]
    out = options.out or options.model.with_suffix(suffixes[0])
    if out.suffix != suffixes[0]:
        raise UsageError("the file has this format's suffix", received=out, fix=f"Name it {out.with_suffix(suffixes[0]).name}")
    paths = {suffix: out.with_suffix(suffix) for suffix in suffixes}
    there = [path for path in (*paths.values(), export_card_path(out)) if path.exists()]
    if there and not options.overwrite:
        raise UsageError("an export is there already", received=there[0], fix="Name another --out, or pass --overwrite")
    require_packages(PACKAGES[kind], f"--format {kind}")
    opened = open_model(options.model, device="cpu", trust=options.trust_model)
    contents = export_contents(opened.predictor, kind, stride=opened.stride)
    difference, compared = _compare(opened.predictor, open_exported(kind, contents), opened.stride)
    print(f"parity    largest difference {difference:.1e} in {compared:,} probabilities, {TOLERANCE:.0e} allowed")
    if not difference <= TOLERANCE:
        raise ModelRefusedError(
            f"the exported model differs from the saved one by more than {TOLERANCE:.0e}",
            received=f"{difference:.1e}",
            fix="Use another --format",
        )
    make_folder(out.parent)
    for suffix, path in paths.items():
        files.write_bytes(path, contents[suffix])
    card = read_card(options.model)
    ExportCard(
        sha256=digests(contents),
        stride=opened.stride,
        threshold=opened.threshold,
        model_sha256=opened.sha256,
        model_card=asdict(card) if card else None,
        largest_difference=difference,
        compared=compared,
        versions={"shapeseg": __version__} | {package: version(package) for package in ("keras", "torch", *PACKAGES[kind])},
    ).write(out)
    size = sum(map(len, contents.values())) / 1e6
    print(f"wrote     {', '.join(map(str, paths.values()))} ({size:.2f} MB) and {export_card_path(out)}")
    return out


def export_contents(model: keras.Model, kind: Format, *, stride: int) -> dict[str, bytes]:
    """Returns the content of each file of an exported model, by suffix."""
    from shapeseg.evaluation.openvino_runtime import convert
    from shapeseg.models.export import export_model

    if kind == "torch":
        return {".pt2": export_model(model, "torch", stride=stride)}
    onnx = export_model(model, "onnx", stride=stride)
    return {".onnx": onnx} if kind == "onnx" else convert(onnx)


def _compare(model: Predictor, exported: Predictor, stride: int) -> tuple[float, int]:
    """Returns the largest difference over golden images of two sizes and numbers, and how many probabilities it is of."""
    import numpy as np

    from shapeseg.evaluation.prediction import probabilities
    from shapeseg.models.golden import golden_images

    many = golden_images(4, stride=stride)
    differences = []
    for images in (many, many[:1, stride:, : 2 * stride]):
        expected, given = (probabilities(each, images, stride=stride) for each in (model, exported))
        differences.append(np.abs(expected - given).ravel())
    joined = np.concatenate(differences)
    return float(joined.max()), joined.size


def _command(options: ExportOptions) -> None:
    export(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(ExportOptions, _command, argv, prog)
